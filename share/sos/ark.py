# A plugin of sos, for `sos report`: it puts the bundle of `ark support` into the report.
#
# Copy it beside the other plugins of sos, and try it:
#     cp ark.py "$(python3 -c 'import sos.report.plugins as p; print(p.__path__[0])')"/
#     sos report --only-plugins ark
# It needs sos 4.0 or later.

import os

from sos.report.plugins import DebianPlugin, Plugin, RedHatPlugin, SuSEPlugin, UbuntuPlugin

# sos runs commands with a PATH of its own, in which /opt/ark/bin is not.
_PLACES = ("/opt/ark/bin/ark", "/usr/local/bin/ark", "/usr/bin/ark")


# Not IndependentPlugin: sos 4.0 on Debian does not run those.
class Ark(Plugin, RedHatPlugin, SuSEPlugin, DebianPlugin, UbuntuPlugin):
    """The bundle of `ark support`: logs, black boxes, resource files, state and versions of
    Generic ARK, with secrets masked by ark itself.
    """

    short_desc = "Generic ARK"
    plugin_name = "ark"
    profiles = ("cluster",)
    files = ("/etc/ark",)
    plugin_timeout = 420

    def setup(self):
        program = next((each for each in _PLACES if os.access(each, os.X_OK)), None)
        if program is None:
            self._log_warn(f"no program ark in {', '.join(_PLACES)}")
            return
        # Nothing else of /etc/ark is collected: secrets stand there, and ark alone knows which.
        self.add_cmd_output(
            f"{program} support --output -",
            suggest_filename="ark-support.tar.gz",
            binary=True,
            stderr=False,
            timeout=360,
        )
        self.add_cmd_output(f"{program} support --list --files-only", timeout=60)
