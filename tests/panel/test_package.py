"""The SDK as npm's package: what it weighs, whether its types hold, and what who installs it gets."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.panel.test_sdk import NODE, ROOT, node

PANEL = ROOT / "signer" / "panel"
TOOLS = ROOT / "tests" / "node"
TSC = TOOLS / "node_modules" / "typescript" / "bin" / "tsc"
#: What a page may have to load before it asks for anything.
MOST = 12_000

#: A panel in TypeScript; each line under an expected error is one that its types must refuse.
CONSUMER = """
import { Mohr, MohrError } from 'mohr';
import { explain } from 'mohr/words.js';
import { dastine } from 'mohr/dastine.js';

const mohr = new Mohr();
export async function prescribe(content: Uint8Array): Promise<string | undefined> {
  const result = await mohr.sign([{ id: 'rx-1', media_type: 'application/json', content }], {
    onState: ({ state }) => console.log(state === 'consent'),
  });
  return result.documents[0].signature;
}
export const listen = (signal: AbortSignal) =>
  mohr.events({
    signal,
    onEvent: (happening) => {
      if (happening.event === 'request') console.log(happening.data.total);
      // @ts-expect-error the tokens' event has no total
      if (happening.event === 'tokens') console.log(happening.data.total);
    },
    onProblem: (problem: MohrError) => console.log(explain(problem.code)?.title),
  });
export async function renew(): Promise<string | undefined> {
  const subject = { given_name: 'a', surname: 'b', national_code: '0012345679' };
  const { made, pem } = await mohr.requestCertificate(subject, { key: 'ec-p256', idempotencyKey: 'c-1' });
  return made ? pem : undefined;
}
export const keep = async (pem: string) => (await mohr.importCertificate(pem, { chain: [pem] })).credential;
// @ts-expect-error a certificate names a person
mohr.requestCertificate({ centre: 'a' });
// @ts-expect-error there is no such key
mohr.requestCertificate({ given_name: 'a', surname: 'b', national_code: 'c' }, { key: 'rsa-1024' });
const take = ({ data }: { data: { Result: string } }) => console.log(data.Result.length);
export const moved = dastine({ mohr }).CmsSign('', true, take, 'SHA256');
// @ts-expect-error there is no such format
mohr.sign([{ id: 'a', media_type: 'a/b', content: '', format: 'none' }]);
"""


def tsc(folder: Path, *arguments: str) -> None:
    assert TSC.is_file(), "run: installer/bootstrap dev"
    command = [str(NODE), str(TSC), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as npm would publish it, unpacked where a panel's build looks for it."""
    scratch = tmp_path_factory.mktemp("package")
    source = Path(shutil.copytree(PANEL, scratch / "signer" / "panel"))
    shutil.copy(ROOT / "LICENSE", scratch)
    tsc(source, "-p", "types.json")
    subprocess.run(["npm", "run", "licence"], cwd=source, check=True, capture_output=True, timeout=110)
    pack = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(scratch)]
    subprocess.run(pack, cwd=source, check=True, capture_output=True, timeout=110)
    unpacked = scratch / "panel" / "node_modules"
    (archive,) = scratch.glob("*.tgz")
    unpacked.mkdir(parents=True)
    subprocess.run(["tar", "-xzf", archive, "-C", unpacked], check=True)
    (unpacked / "package").rename(unpacked / "mohr")
    return unpacked / "mohr"


def test_what_a_page_loads_first_is_small_and_the_readme_says_how_small() -> None:
    said = json.loads(node(str(TOOLS / "bundle.mjs"), str(PANEL / "mohr.js")))
    assert said["core"] <= MOST
    told = re.search(
        r"(\d+)\.(\d) kB bundled and minified, (\d+)\.(\d) kB compressed", (PANEL / "README.md").read_text()
    )
    assert told is not None
    whole, tenth, packed_whole, packed_tenth = map(int, told.groups())
    assert said["core"] <= (whole * 10 + tenth) * 100 + 50
    assert said["compressed"] <= (packed_whole * 10 + packed_tenth) * 100 + 50


def test_the_types_of_the_sdk_and_its_demo_hold() -> None:
    tsc(PANEL, "-p", "jsconfig.json")


def test_a_panel_in_typescript_has_the_types(packed: Path) -> None:
    panel = packed.parent.parent
    (panel / "panel.ts").write_text(CONSUMER)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "es2022"]
    tsc(panel, *options, "--moduleResolution", "bundler", "--lib", "es2022,dom", "panel.ts")


def test_the_package_holds_what_its_modules_import_and_nothing_of_the_tests(packed: Path) -> None:
    held = {str(path.relative_to(packed)) for path in packed.rglob("*") if path.is_file()}
    modules = {path.name for path in PANEL.glob("*.js")}
    assert modules | {f"types/{name.removesuffix('.js')}.d.ts" for name in modules} <= held
    assert {"package.json", "README.md", "demo/index.html", "demo/prescription.js"} <= held
    others = {
        name
        for name in held
        if not re.fullmatch(r"[\w-]+\.js|types/[\w-]+\.d\.ts|demo/.+|server/\w+\.py", name)
    }
    assert others == {"package.json", "README.md", "LICENSE"}
    about = json.loads((packed / "package.json").read_text())
    for entry in about["exports"].values():
        assert {entry["types"].removeprefix("./"), entry["default"].removeprefix("./")} <= held


def test_npm_would_publish_the_package_under_the_projects_own_version() -> None:
    about = json.loads((PANEL / "package.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "private" not in about
    assert (about["name"], about["version"], about["license"]) == (
        project["name"],
        project["version"],
        project["license"],
    )
    assert "dependencies" not in about
    told = subprocess.run(
        ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"],
        cwd=PANEL,
        check=True,
        capture_output=True,
        timeout=110,
    )
    (package,) = json.loads(told.stdout)
    assert package["filename"] == f"{about['name']}-{about['version']}.tgz"
