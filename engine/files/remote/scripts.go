package remote

import "runbook/engine/action"

// shell is what runs the scripts, and their name in its complaints.
const shell = "sh"

// inC begins every script: tools speak the language that is understood here, and no pattern of names is.
const inC = `LC_ALL=C; export LC_ALL; set -f
`

// probeScript tells what there is to look at files with.
const probeScript = inC + `
find / -maxdepth 0 >/dev/null 2>&1 && echo find
find / -maxdepth 0 -printf '' >/dev/null 2>&1 && echo printf
stat -c %i / >/dev/null 2>&1 && echo stat
case $(awk 'BEGIN { printf "%.0f", 2^52 + 1 }' 2>/dev/null) in 4503599627370497) echo awk;; esac
case $(stat -c %.9Y / 2>/dev/null) in *.?????????) echo exact;; esac
exit 0
`

// enter defines how a folder below a root is entered: the root is looked through if it is a link, and nothing below it is. Where one comes
// to is compared with where it should be, so that it does not matter whether a folder has become a link meanwhile.
const enter = `
reach() {
  cd -P "$1" 2>/dev/null || { [ -e "$1" ] || exit 81; [ -d "$1" ] || exit 85; exit 83; }
  base=$(pwd -P; printf x); base=${base%??}; [ "$base" = / ] && base=
  cd -P "$2" 2>/dev/null || { [ -e "$2" ] || [ -L "$2" ] || exit 81; [ -d "$2" ] || exit 85; exit 83; }
  here=$(pwd -P; printf x); here=${here%??}; [ "$here" = / ] && here=
  case $2 in .) want=$base;; *) want=$base/${2#./};; esac
  [ "$here" = "$want" ] || exit 84
}
`

// A record of an entry has these fields, with one space between them, then a zero byte, the path, a zero byte, where a link points, and a
// zero byte: type, permissions, size, blocks of 512 bytes, time, names, identity, owner, group.
const printed = `%y %m %s %b %T@ %n %D:%i %u %g\0%P\0%l\0`

// findScript finds what is below $1: $2 levels deep (0 for all), on its file system if $3 is 1. The other arguments are what is wanted, each a word
// and what find takes behind a colon: first what is left out, with what is in it, and then what an entry has to be, of several names one, which come
// last. Of what is not wanted it prints a zero byte alone, so that it counts as seen.
const findScript = inC + enter + `
reach "$1" .
[ -r . ] || exit 83
options="-mindepth 1"
[ "$2" = 0 ] || options="$options -maxdepth $2"
[ "$3" = 0 ] || options="$options -xdev"
shift 3
count=$# or='('
for test do
  is=${test#*:}
  case $test in
    without:*) set -- "$@" -name "$is" -prune -printf '\0' -o;;
    type:*) set -- "$@" -type "$is";;
    before:*) set -- "$@" ! -newermt "$is";;
    after:*) set -- "$@" -newermt "$is";;
    size:*) set -- "$@" -size "$is";;
    name:*) set -- "$@" "$or" -name "$is"; or=-o;;
  esac
done
shift "$count"
[ "$or" = '(' ] || set -- "$@" ')'
exec find . $options "$@" -printf '` + printed + `' -o -printf '\0'
`

// usageScript counts what is below $1, on its file system if $2 is 1, with find's own words if $3 is 1 and otherwise with stat's. The other
// arguments are patterns of paths, which and below which nothing is counted. It prints blocks, bytes, files, folders, links and others, and
// how find ended.
const usageScript = inC + enter + `
reach "$1" .
[ -r . ] || exit 83
stay=$2 prints=$3
shift 3
count=$# or='('
for at do set -- "$@" "$or" -path "$at"; or=-o; done
shift "$count"
[ "$count" = 0 ] || set -- "$@" ')' -prune -o
[ "$stay" = 0 ] || set -- -xdev "$@"
if [ "$prints" = 1 ]; then set -- "$@" -printf '%y %b %s %n %D:%i\n'
else set -- "$@" -exec stat -c '%f %b %s %h %d:%i' '{}' +; fi
{ find . -mindepth 1 "$@"; echo "end $?"; } | awk '
BEGIN { ended = 255 }
$1 == "end" { ended = $2; next }
{
  kind = substr($1, 1, 1)
  if (kind == "d" || kind == "4") { folders++; blocks += $2; next }
  if (kind == "f" || kind == "8") files++
  else if (kind == "l" || kind == "a") links++
  else others++
  if ($4 > 1 && met[$5]++) next
  blocks += $2; bytes += $3
}
END { printf "%.0f %.0f %.0f %.0f %.0f %.0f %.0f\n", blocks, bytes, files, folders, links, others, ended }
'
`

// mountsScript tells what is mounted where, where the machine tells it, and behind an empty line where $1 is.
const mountsScript = inC + enter + `
reach "$1" .
cat /proc/self/mountinfo 2>/dev/null || echo
printf '\n%s' "$here"
`

// listScript does that where find cannot print, of the types $4: a mark that nobody can guess, $5, stands between records, and where a link points comes
// in a record of its own.
const listScript = inC + enter + `
reach "$1" .
[ -r . ] || exit 83
depth=$2 stay=$3 kinds=$4 mark=$5
set -- . -mindepth 1
[ "$depth" = 0 ] || set -- "$@" -maxdepth "$depth"
[ "$stay" = 0 ] || set -- "$@" -xdev
[ "$kinds" = any ] || set -- "$@" -type "$kinds"
exec find "$@" -exec ` + shell + ` -c '` + listed + `' "$mark" '{}' +
`

// listed tells of the entries that are its arguments. Its name is the mark.
const listed = `stat -c "$0=%f %a %s %b %Y %h %d:%i %U %G/%n" "$@"; for f do [ -L "$f" ] && { printf "%s>%s" "$0" "$f"; printf "%s>" "$0"; readlink "$f"; }; done; exit 0`

// lookScript tells of $1 itself, with the mark $2.
const lookScript = inC + `
[ -e "$1" ] || [ -L "$1" ] || { ls -d "$1" >/dev/null; exit 81; }
set -- "$2" "$1"
mark=$1; shift
exec ` + shell + ` -c '` + listed + `' "$mark" "$@"
`

// lookPrintedScript tells of $1 itself, where find can.
const lookPrintedScript = inC + `
[ -e "$1" ] || [ -L "$1" ] || { ls -d "$1" >/dev/null; exit 81; }
exec find "$1" -maxdepth 0 -printf '` + printed + `'
`

// linkScript tells the first link on the way to $1, a zero byte, and where it points.
const linkScript = inC + `
at= rest=${1#/}/
while [ "$rest" ] && [ "$rest" != / ]; do
  at=$at/${rest%%/*} rest=${rest#*/}
  [ -L "$at" ] && { printf '%s\0' "$at"; exec readlink "$at"; }
done
exit 0
`

// readScript reads the file $1: from byte $2 on if $3 is from, and its last $2 bytes if it is last. The first byte says that it is there.
const readScript = inC + `
[ -e "$1" ] || { ls -d "$1/." >/dev/null; exit 81; }
[ -f "$1" ] || exit 82
[ -r "$1" ] || exit 83
printf k
case $3 in last) exec tail -c "$2" "$1";; esac
exec tail -c "+$2" "$1"
`

// diskScript tells of the file system of $1.
const diskScript = inC + `
[ -e "$1" ] || { ls -d "$1/." >/dev/null; exit 81; }
df -P -k "$1" || exit 1
echo
df -P -i "$1" 2>/dev/null
exit 0
`

// ownerScript tells the names of the user $1 and the group $2, which may be numbers; "." for none. One that is not known has none. A number
// need not be known.
const ownerScript = inC + `
named() {
  case $3 in .) return;; esac
  name=
  if command -v getent >/dev/null 2>&1; then name=$(getent "$2" "$3" 2>/dev/null); name=${name%%:*}
  else
    while IFS=: read -r one secret number rest; do
      if [ "$one" = "$3" ] || [ "$number" = "$3" ]; then name=$one; break; fi
    done < "/etc/$2"
  fi
  case $name$3 in *[!0-9]*) ;; *) name=$3;; esac
  printf '%s:%s\n' "$1" "$name"
}
named user passwd "$1"
named group group "$2"
exit 0
`

// changeScript removes ($1 is remove or rmdir) entries of the folder $3 below the root $2, or gives them to $5 (chown). $4 is how stat tells
// what an entry is, and $6 what each has to be, a pattern of the shell a line; the other arguments are their names. It prints a line for each.
const changeScript = inC + enter + `
op=$1 root=$2 dir=$3 form=$4 to=$5 was=$6
shift 6
reach "$root" "$dir"
count=$#
now=$(stat -c "$form" "$@" 2>/dev/null)
[ "$(printf '%s\n' "$now" | wc -l)" -eq "$count" ] && all=1 || all=0
marks=
for name do
  read -r is <&3; read -r should <&4
  [ "$all" = 1 ] || is=$(stat -c "$form" "$name" 2>/dev/null)
  case $is in
    "") mark=gone;;
    $should) mark=ok; set -- "$@" "$name";;
    *) mark="differs $is";;
  esac
  marks="$marks$mark
"
done 3<<NOW 4<<WAS
$now
NOW
$was
WAS
names=$#
each() {
  case $op in
    remove) rm -f "$@";;
    rmdir) rmdir "$@";;
    chown) chown -h "$to" "$@";;
  esac
}
good=$((names - count))
if [ "$good" -gt 0 ]; then
  failed=0
  i=0
  (
    while [ "$i" -lt "$count" ]; do shift; i=$((i + 1)); done
    each "$@"
  ) </dev/null >/dev/null 2>&1 || failed=1
fi
i=0
while read -r mark rest <&3; do
  [ "$i" -lt "$count" ] || break
  i=$((i + 1))
  name=$1; shift
  case $mark in
    ok) if [ "$failed" = 1 ] && { [ "$op" = chown ] || [ -e "$name" ] || [ -L "$name" ]; }; then
          if said=$(each "$name" 2>&1 </dev/null); then echo ok; else echo "failed $(printf %s "$said" | tr '\n' ' ')"; fi
        else echo ok; fi;;
    *) echo "$mark $rest";;
  esac
done 3<<MARKS
$marks
MARKS
exit 0
`

// renameScript gives the entry $3 of the folder $2 below the root $1 the name $5 in the folder $4. $6 is how stat tells what an entry is, and
// $7 what it has to be, a pattern of the shell. The new folder is held open where that is possible, so that no other can come into its place.
// Of what mv can be told not to do, only what it does not know is left out: without -T it would rename into a folder that has come there
// meanwhile, and without --no-copy it copies to another file system.
const renameScript = inC + enter + `
reach "$1" "$4"
there=$here/$5
if [ -r . ]; then
  exec 3<.
  [ -e "/proc/self/fd/3/." ] && there=/proc/self/fd/3/$5
fi
reach "$1" "$2"
is=$(stat -c "$6" "$3" 2>/dev/null)
case $is in "") exit 81;; $7) ;; *) echo "$is"; exit 0;; esac
if [ -e "$there" ] || [ -L "$there" ]; then exit 87; fi
failed=1
for how in "-n -T --no-copy" "-n -T" -n; do
  if said=$(mv $how "$3" "$there" 2>&1); then failed=0; break; fi
  case $said in *"nrecognized option"*|*"nvalid option"*) ;; *) break;; esac
done
if [ -e "$3" ] || [ -L "$3" ]; then
  if [ -e "$there" ] || [ -L "$there" ]; then exit 87; fi
fi
[ "$failed" = 0 ] || { printf '%s\n' "$said" >&2; exit 1; }
echo ok
`

// lockable defines how a draft that is open as 3 and has the name $1 is locked: as long as what writes to it lives. It is not where the machine
// has no flock, or its file system no locks. Between opening and locking somebody else may have given it its final name, or another user may
// have put it there, so it has to have that name still, no other besides, and to be our own.
const lockable = `
lock() {
  flock -n 3 >/dev/null 2>&1 || return 1
  [ "$1" -ef /proc/self/fd/3 ] && [ ! -L "$1" ] && [ -f "$1" ] && [ -O "$1" ] && [ "$(stat -c %h "$1")" = 1 ]
}
`

// beginning is how a file is begun in the folder $2 below the root $1, in place of $4: folders that are not there are made, and mode is that of
// the replaced file, 0 for none. If it cannot, it says so before it ends: who is to give it something would else wait for it to be taken.
const beginning = inC + `trap 'echo !' EXIT` + enter + lockable + `
mkdir -p "$1" || exit 1
cd -P "$1" || exit 1
IFS=/
for part in $2; do
  case $part in .|"") continue;; esac
  [ -L "./$part" ] && exit 84
  [ -e "./$part" ] && [ ! -d "./$part" ] && exit 85
  [ -d "./$part" ] || mkdir "./$part" 2>/dev/null || [ -d "./$part" ] || mkdir "./$part" || exit 1 # another one makes it at the same time
  cd -P "./$part" || exit 1
done
unset IFS
reach "$1" "$2"
mode=0
if [ -L "$4" ]; then :
elif [ -d "$4" ]; then exit 86
elif [ -f "$4" ]; then mode=$(stat -c %a "$4"); umask 077
elif [ -e "$4" ]; then exit 82
fi
`

// creation is how the draft $3 is made and written to. It says that it is ready, what the mode of the replaced file is, and that it has
// nothing yet, and then takes what it is given.
const creation = `
set -C
exec 3> "$3" || exit 1
lock "$3"
echo "$mode 0 new"
exec cat >&3
`

// createScript begins the file $3 in the folder $2 below the root $1, in place of $4.
const createScript = beginning + creation

// continueScript takes up the draft $5 instead, and makes it if it is not there, where it can be locked; it says how many bytes it has. It is told
// in a line how many there may be, cuts off what is more, and gives what there is, before it takes what comes behind that: all by one command,
// as a server that lets in few would let nobody in beside those that write already.
const continueScript = beginning + `
if command -v flock >/dev/null 2>&1 && [ ! -L "$5" ] && { [ ! -e "$5" ] || [ -f "$5" ]; } && { command exec 3>> "$5"; } 2>/dev/null; then
  if lock "$5"; then
    [ "$mode" = 0 ] || chmod 600 "$5" || exit 1
    size=$(stat -c %s "$5") || exit 1
    echo "$mode $size old"
    trap - EXIT
    read -r most || exit 0
    [ "$size" -le "$most" ] || dd if=/dev/null of="$5" bs=1 count=0 seek="$most" 2>/dev/null || exit 1
    cat "$5" || exit 1
    exec cat >&3
  fi
  exec 3>&-
fi
` + creation

// clearScript removes the draft $3 in the folder $2 below the root $1, unless somebody writes to it, and says when it is gone. Where it cannot be
// locked, nobody does who has not written for a day. It is opened for writing, without which some file systems lock nothing.
const clearScript = inC + enter + lockable + `
reach "$1" "$2"
if [ -e "$3" ] || [ -L "$3" ]; then
  [ -f "$3" ] && [ ! -L "$3" ] && { command exec 3<> "$3"; } 2>/dev/null || exit 0
  lock "$3" || [ -n "$(find "$3" -prune -mtime +0)" ] || exit 0
  rm -f "$3" || exit 1
fi
echo gone
`

// keepScript makes the draft $3 in the folder $2 below the root $1 the file $4, if it has $7 bytes, with the mode $5 and the time $6, 0 for
// those that it has. It is on the disk before it has its name, and locked where it can be: what has an old time is else taken for left. Since
// its writing ended another one may have taken it up, to whom it belongs then; flock says nothing if so, and what is wrong if it cannot lock.
const keepScript = inC + enter + `
reach "$1" "$2"
[ -f "$3" ] && [ ! -L "$3" ] || exit 88
exec 3<> "$3" || exit 1
command -v flock >/dev/null 2>&1 && ! said=$(flock -n 3 2>&1) && [ -z "$said" ] && exit 88
[ "$(stat -c %s "$3")" = "$7" ] || { echo "it did not arrive whole" >&2; exit 1; }
sync "$3" 2>/dev/null || sync
[ "$5" = 0 ] || chmod "$5" "$3" || exit 1
[ "$6" = 0 ] || touch -d "@$6" "$3" 2>/dev/null || touch -d "@${6%.*}" "$3" || exit 1
if ! mv -f -T "$3" "$4" 2>/dev/null; then
  [ -d "$4" ] && [ ! -L "$4" ] && exit 86
  [ -L "$4" ] && rm -f "$4"
  mv -f "$3" "$4" || exit 1
fi
sync . 2>/dev/null || sync
exit 0
`

// leaveScript has the draft $3 in the folder $2 below the root $1 written to the disk.
const leaveScript = inC + enter + `
reach "$1" "$2"
sync "$3" 2>/dev/null || sync
`

// dropScript removes the draft $3 in the folder $2 below the root $1.
const dropScript = inC + enter + `
reach "$1" "$2"
rm -f "$3"
`

// Reads are the scripts that only look, with any arguments that begin with no dash.
var Reads = action.Commands{
	{shell, "-c", probeScript, shell},
	{shell, "-c", findScript, shell, "*", "*", "*", "..."},
	{shell, "-c", usageScript, shell, "*", "*", "*", "..."},
	{shell, "-c", mountsScript, shell, "*"},
	{shell, "-c", listScript, shell, "*", "*", "*", "*", "*"},
	{shell, "-c", lookScript, shell, "*", "*"},
	{shell, "-c", lookPrintedScript, shell, "*"},
	{shell, "-c", linkScript, shell, "*"},
	{shell, "-c", readScript, shell, "*", "*", "*"},
	{shell, "-c", diskScript, shell, "*"},
	{shell, "-c", ownerScript, shell, "*", "*"},
}
