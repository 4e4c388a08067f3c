"""A secret goes through a whole run and is found nowhere afterwards."""

from __future__ import annotations

PASSWORD = "kept-to-myself-9917"


def test_nothing_that_a_run_writes_or_says_holds_the_secret(cli):
    (cli.folder / "mlops.yaml").write_text("allowed_env: [TRACKING]\n")
    address = f"http://somebody:{PASSWORD}@127.0.0.1:9"
    words = ["mode=smoke", "tracker.uri=${secret:TRACKING}", "tracker.wait_s=0"]
    ran = cli(*words, env={"TRACKING": address}).ok()
    assert PASSWORD not in ran.text
    written = [path for path in cli.folder.rglob("*") if path.is_file()]
    assert any("result.json" in path.name for path in written)
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]


def test_a_shown_configuration_has_no_password_in_an_address(cli):
    (cli.folder / "mlops.yaml").write_text("allowed_env: [TRACKING]\n")
    address = f"http://somebody:{PASSWORD}@127.0.0.1:9"
    for word in (f"tracker.uri={address}", "tracker.uri=${oc.env:TRACKING}"):
        shown = cli("--cfg", "job", "--resolve", word, env={"TRACKING": address}).ok()
        assert "uri: http://***@127.0.0.1:9" in shown.stdout
        assert PASSWORD not in shown.text
