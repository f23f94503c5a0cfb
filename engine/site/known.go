package site

import "runbook/engine/action"

// Known are commands that only look wherever they run: they print what the machine knows anyway, of itself and of no file's content, and
// every option is spelt out. A site file adds its own; the handbook's procedures need no site file for these.
var Known = action.Commands{
	{"df"},
	{"df", "-h"}, {"df", "-h", "..."},
	{"df", "-k"}, {"df", "-k", "..."},
	{"df", "-P"}, {"df", "-P", "..."},
	{"df", "-P", "-k"}, {"df", "-P", "-k", "..."},
	{"du", "-s", "..."}, {"du", "-sh", "..."}, {"du", "-sk", "..."},
	{"free"}, {"free", "-m"}, {"free", "-h"},
	{"ls", "..."}, {"ls", "-l", "..."}, {"ls", "-la", "..."},
	{"ps"}, {"ps", "aux"}, {"ps", "-ef"},
	{"id"}, {"nproc"}, {"uname", "-a"}, {"uptime"},
}
