#!/usr/bin/env bash
# Builds the site of this commit and puts it into its folder of branch `gh-pages`: `main`, or the
# version of a tag `v1.2.3` as `1.2`; the newest version is also what the front page leads to.
#
# usage: site_of.sh BRANCH_OR_TAG
set -euo pipefail

name=$1
folder=main
if [[ $name =~ ^v([0-9]+\.[0-9]+)\. ]]; then folder=${BASH_REMATCH[1]}; fi
make docs
work=$(mktemp -d)
git config user.name "$(git log -1 --format=%an)"
git config user.email "$(git log -1 --format=%ae)"
if git fetch origin gh-pages; then
  git worktree add "$work" FETCH_HEAD
else
  git worktree add --orphan -b gh-pages "$work"
fi
rm -rf "${work:?}/$folder"
cp -r build/site "$work/$folder"
newest=$(cd "$work" && ls -d [0-9]*/ main/ 2>/dev/null | sort -V | sed -n '/^[0-9]/h; ${x; s#/$##; p}')
echo "<meta http-equiv=\"refresh\" content=\"0; url=${newest:-main}/\">" >"$work/index.html"
touch "$work/.nojekyll"
git -C "$work" add -A
git -C "$work" commit -qm "Site of $name"
git -C "$work" push origin HEAD:gh-pages
