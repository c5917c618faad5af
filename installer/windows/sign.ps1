# Signs files with the key in CERTIFICATE (a PFX, base64) and PASSWORD, timestamped by TIMESTAMPS; without a key it
# says so and signs nothing. The password stands in no command line. Not run yet.
param([Parameter(Mandatory)][string[]]$Files)
$ErrorActionPreference = "Stop"
if (-not $env:CERTIFICATE) {
  Write-Output "::warning::no key: $($Files.Count) files are not signed"
  exit 0
}
if (-not $env:TIMESTAMPS) { throw "TIMESTAMPS names no timestamp authority: a signature would end with its certificate" }
$pfx = Join-Path $env:RUNNER_TEMP "signing.pfx"
[IO.File]::WriteAllBytes($pfx, [Convert]::FromBase64String($env:CERTIFICATE))
try {
  $password = ConvertTo-SecureString $env:PASSWORD -AsPlainText -Force
  $certificate = Import-PfxCertificate -FilePath $pfx -CertStoreLocation Cert:\CurrentUser\My -Password $password
} finally {
  Remove-Item $pfx
}
try {
  $kits = "${env:ProgramFiles(x86)}\Windows Kits\10\bin"
  $signtool = Get-ChildItem $kits -Recurse -Filter signtool.exe | Where-Object FullName -Like "*\x64\*" |
    Sort-Object FullName | Select-Object -Last 1
  & $signtool.FullName sign /sha1 $certificate.Thumbprint /fd SHA256 /tr $env:TIMESTAMPS /td SHA256 $Files
  if ($LASTEXITCODE) { throw "signtool ended with $LASTEXITCODE" }
} finally {
  Remove-Item "Cert:\CurrentUser\My\$($certificate.Thumbprint)" -DeleteKey
}
