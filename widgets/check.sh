#!/bin/sh
# Type-check and test the front end, rebuild its bundles and compare them, byte for byte, with the committed ones.
set -eu
cd "$(dirname "$0")"

node_major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if ! command -v npm >/dev/null || [ "${node_major:-0}" -lt 20 ]; then
  case ",${WORKBENCH_REQUIRE:-}," in
    *,front,*) echo "front end: Node 20 or newer with npm is required here and was not found"; exit 1 ;;
  esac
  echo "front end: SKIPPED, Node 20 or newer with npm was not found (the committed bundle is used as it is)"
  exit 0
fi

npm ci --silent --no-audit --no-fund
npm run --silent check
npm test --silent

static=../workbench/widgets/static
committed=$(mktemp -d)
trap 'rm -rf "$committed"' EXIT
cp "$static"/*.js "$committed"/
npm run --silent build
for bundle in "$committed"/*.js; do
  cmp "$bundle" "$static/$(basename "$bundle")" || { echo "$bundle differs from a fresh build; run 'make bundle' and commit"; exit 1; }
done
echo "front end: types, tests and bundles agree"
