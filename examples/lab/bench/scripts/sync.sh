# The lab's folder, and a command that takes a parameter: it is given a folder that is not there yet.
set -eu
export AWS_CONFIG_FILE="$1/config/aws-config" AWS_SHARED_CREDENTIALS_FILE="$1/config/aws-credentials" AWS_PROFILE=lab-admin
shift
exec "$@" to="$XDG_STATE_HOME/tree"
