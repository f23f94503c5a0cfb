# What runs on another machine before a command, and ends with it. It is joined into one line, without comments, for any login shell to
# hand to /bin/sh, so every line ends as a line may go on.
#
# $1 is this text, $2 what is wanted, the rest the command. The command's output begins after a line of its own in both streams: what a
# login prints before is no part of it. The line of the errors says what became of it, and by which id its processes are ended. Where the
# command ended there is another one, with its exit code: who has got both lines has got all that it printed, and who has not knows that.
tell() { echo "=runbook= $*" 2>/dev/null; echo "=runbook= $*" >&2; };
case $2 in
end)
  exec 2>/dev/null;
  kill -TERM -"$3"; sleep 0.4 || sleep 1; kill -KILL -"$3"; exit 0 ;;
name)
  tell begun $$; uname -n; tell ended $$ $?; exit ;;
esac;

# All that the command starts is to be found again: by its process group, which this shell leads. A server of ssh gives each login a
# session, whose leader this is; where it does not, or somebody stands in between, setsid does.
if [ "$2" = run ] || [ "$2" = feed ]; then
  if kill -0 -$$ 2>/dev/null; then :;
  elif command -v setsid >/dev/null; then exec setsid /bin/sh -c 'eval "$1"' runbook "$@";
  else echo "=runbook= leaderless" >&2; exit 0; fi;
fi;

# The words, and of them those as they are that were written otherwise for the sake of a login's shell.
m=$2; shift 2;
case "$*" in *"=folded="*)
  for x do shift;
    case $x in "=folded="*) x=$(printf %b. "${x#=folded=}"); x=${x%.} ;; esac;
    set -- "$@" "$x";
  done ;;
esac;

# The program, where exec will find it.
case $1 in
*/*) f=$1 ;;
*) f=; set -f; IFS=:;
  for d in $PATH; do d=${d:-.}/$1; if [ -f "$d" ] && [ -x "$d" ]; then f=$d; break; fi; done;
  unset IFS; set +f ;;
esac;
if [ -d "$f" ]; then r=folder; elif [ -x "$f" ]; then r=begun; elif [ -e "$f" ]; then r=forbidden; else r=missing; fi;
tell $r $$;
if [ "$m" = find ]; then
  case $f in /*) ;; *) f=$PWD/$f ;; esac;
  if [ $r = begun ]; then printf %s "$f"; fi;
  tell ended $$ 0; exit 0;
fi;
[ $r = begun ] || exit 0;

# The switch. A command without input has none of it: what comes from outside ends when the one who wants the command is gone, or wants it
# no more. One with input is ended when the login is gone that this shell belongs to; who wants it no more sends another login to end it.
# Whichever it is, the command is asked to end with all that it has started, and a moment later killed. What the shell itself has to say
# of that is no part of what the command says.
exec 4>&2 2>/dev/null;
if [ $m = run ]; then
  exec 3<&0 </dev/null;
  ( while read -r x; do :; done;
    trap "" TERM; kill -TERM -$$; sleep 0.4 || sleep 1; kill -KILL -$$ ) <&3 3<&- >/dev/null 4>&- & w=$!;
  exec 3<&-;
elif kill -0 $PPID; then
  ( while kill -0 $PPID; do sleep 1; done;
    trap "" TERM; kill -TERM -$$; sleep 0.4 || sleep 1; kill -KILL -$$ ) </dev/null >/dev/null 4>&- & w=$!;
else w=; fi;
trap "" TERM;
( exec 2>&4 4>&-; trap - TERM; exec "$@" ); s=$?;
if [ $s -gt 255 ]; then s=$((s-128)); fi;
trap "" PIPE; tell ended $$ $s 2>&4;

# What a command that has ended leaves running is its own affair: it may be a server. But one that ended because nobody takes what it prints
# (141) may have done so before the switch, which then still ends what it left: one that is the end of the input, which comes soon. The other
# would wait for as long as a connection lasts that others share, and this group's number may be another's by then: it stays only if that is over.
if [ -z "$w" ]; then :;
elif [ $m = run ]; then [ $s = 141 ] || kill -TERM $w;
elif kill -0 $PPID; then kill -TERM $w; fi;
exit $s
