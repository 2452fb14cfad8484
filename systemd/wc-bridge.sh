#!/bin/sh
# /usr/local/bin/wc-bridge, as README's "On a server" installs it: what an administrator types. As root it becomes the
# daemon's own user, so that the database stays its, and goes by the settings in /etc. `init` stays root, whose the
# settings are to be. Who is not root runs the program as himself.

program=/opt/wc-bridge/bin/wc-bridge
[ "$(id -u)" = 0 ] || exec "$program" "$@"

export WC_BRIDGE_SETTINGS="${WC_BRIDGE_SETTINGS:-/etc/wc-bridge/settings.yaml}"
[ "$1" != init ] || exec "$program" "$@"
exec runuser -u wc-bridge -- "$program" "$@"
