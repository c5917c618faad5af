# Installs the package on this Windows, asks the programs in it, and removes it. Changes the computer: for a runner
# that is thrown away. Not run yet.
param([Parameter(Mandatory)][string]$Package)
$ErrorActionPreference = "Stop"
$homeFolder = "$env:ProgramFiles\Mohr"
function Invoke-Installer([string[]]$Arguments) {
  $done = Start-Process msiexec.exe -Wait -PassThru -ArgumentList $Arguments
  if ($done.ExitCode) { Get-Content "$env:TEMP\mohr-msi.txt" -Tail 100; throw "msiexec ended with $($done.ExitCode)" }
}
function Assert-That([string]$What, [bool]$Seen) {
  if (-not $Seen) { throw "not so: $What" }
  Write-Output "  $What"
}

$policy = "$env:TEMP\policy.toml"
Set-Content $policy 'origins = ["https://panel.example"]'
Invoke-Installer "/i", "`"$Package`"", "/qn", "/l*v", "`"$env:TEMP\mohr-msi.txt`"", "AUTOSTART=1",
  "POLICYFILE=`"$policy`"", "PANEL1=panel.example"
Assert-That "the policy is copied" (Test-Path "$homeFolder\policy.toml")
$chrome = Get-ItemProperty HKLM:\SOFTWARE\Policies\Google\Chrome\LoopbackNetworkAllowedForUrls
Assert-That "Chrome knows the panel" ($chrome.'18717' -eq "https://panel.example:443")
$run = Get-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Run
Assert-That "it starts at login" ($run.Mohr -like "*mohr-desktop.exe*--hidden")
& "$homeFolder\mohr.exe" policy check "$homeFolder\policy.toml"
Assert-That "the command reads the policy" ($LASTEXITCODE -eq 0)
& "$homeFolder\mohr.exe" tokens known | Out-Null
Assert-That "the command knows its token families" ($LASTEXITCODE -eq 0)
foreach ($worker in "worker", "worker32") {
  # Its pipe ends at once, and so does a worker that could start.
  $null | & "$homeFolder\$worker\mohr-worker.exe" | Out-Null
  Assert-That "$worker starts and ends with its pipe" ($LASTEXITCODE -eq 0)
}
Invoke-Installer "/x", "`"$Package`"", "/qn", "/l*v", "`"$env:TEMP\mohr-msi.txt`""
Assert-That "its folder is gone" (-not (Test-Path $homeFolder))
Assert-That "the address is gone" (-not (Test-Path HKLM:\SOFTWARE\Classes\mohr))
Assert-That "Chrome's value is gone" (-not (Test-Path HKLM:\SOFTWARE\Policies\Google\Chrome\LoopbackNetworkAllowedForUrls))
