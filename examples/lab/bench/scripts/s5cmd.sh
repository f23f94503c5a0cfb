# The lab's folder, and s5cmd: it syncs a folder that is not there yet, and says how many files are in it then.
set -eu
export AWS_SHARED_CREDENTIALS_FILE="$1/config/aws-credentials" AWS_PROFILE=lab-admin AWS_REGION=us-east-1
S3_ENDPOINT_URL="$(sed -n 's/^endpoint_url = //p' "$1/config/aws-config" | head -1)"
export S3_ENDPOINT_URL
mkdir -p "$XDG_STATE_HOME/tree"
"$2" --log error sync 's3://bench-sync/tree/*' "$XDG_STATE_HOME/tree/"
echo "$(find "$XDG_STATE_HOME/tree" -type f | wc -l) files"
