#!/bin/sh
# lint.sh DEPLOY FOLDER - runs lint.js in FOLDER, with its packages from npm, which
# are kept there. 77 (skipped) if they cannot be had.
set -eu
deploy=$1 folder=$2
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
cp "$source/lint.js" "$folder"
if ! cmp -s "$source/package.json" "$folder/installed.json"; then
    cp "$source/package.json" "$folder"
    (cd "$folder" && npm install --silent --no-audit --no-fund --ignore-scripts) ||
        { echo "npm has not got the packages" >&2; exit 77; }
    cp "$source/package.json" "$folder/installed.json"
fi
exec node "$folder/lint.js" "$deploy"
