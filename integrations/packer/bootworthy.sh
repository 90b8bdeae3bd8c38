#!/bin/sh
# A script for Packer's shell-local post-processor: makes the fixed VHD of the disk that a builder
# wrote, and fails the build when something is left that would keep it from running on Azure.
#
#   IMAGE    the disk that the builder wrote
#   VHD      the fixed VHD to write
#   OPTIONS  more options of `bootworthy prepare`, split at spaces
set -eu

: "${IMAGE:?name the disk that the builder wrote}" "${VHD:?name the fixed VHD to write}"

printf 'bootworthy: %s, built by %s\n' "$IMAGE" "${PACKER_BUILD_NAME:-hand}"

# shellcheck disable=SC2086  # OPTIONS is a list
exec bootworthy prepare "$IMAGE" --vhd "$VHD" --force --progress plain \
  --output text --output "json:$VHD.json" ${OPTIONS:-}
