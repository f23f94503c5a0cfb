package host

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

// The programs that a machine has besides those of its scenario, which answer from its disks and files: what is read by them is what is
// read in any other way.
const (
	diskTool = "df"
	logTool  = "tail"
)

// offers tells whether there is a program of that name: df where disks are named, and tail where there are files.
func (f *Files) offers(program string) bool {
	if dir := path.Dir(program); dir != "." && dir != bin {
		return false
	}
	f.begin()
	defer f.mu.Unlock()
	switch path.Base(program) {
	case diskTool:
		return len(f.disks) > 0
	case logTool:
		return f.tree.holdsFiles(f.tree.root)
	}
	return false
}

func (t *tree) holdsFiles(n *node) bool {
	for _, inner := range n.in {
		if inner.kind == files.File || t.holdsFiles(inner) {
			return true
		}
	}
	return false
}

// run is what one of these programs does.
func (f *Files) run(argv []string) scenario.Answer {
	f.begin()
	defer f.mu.Unlock()
	if path.Base(argv[0]) == diskTool {
		return f.df(argv[1:])
	}
	return f.tail(argv[1:])
}

// complains is the answer of a program that fails.
func complains(format string, args ...any) scenario.Answer {
	return scenario.Answer{ExitCode: 1, Stderr: fmt.Sprintf(format, args...) + "\n"}
}

// saying is what the tools of GNU say of an error.
func saying(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// tail is the program of that name, as far as it is used to read a log.
func (f *Files) tail(args []string) scenario.Answer {
	if len(args) != 3 || args[0] != "-n" {
		return complains("tail: this simulated one knows only tail -n NUMBER FILE")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 0 {
		return complains("tail: invalid number of lines: ‘%s’", args[1])
	}
	file, err := f.open(path.Clean(args[2]))
	if err != nil {
		return complains("tail: cannot open '%s' for reading: %s", args[2], saying(err))
	}
	lines := slices.Collect(strings.Lines(string(file.content(file.lead, file.length()))))
	return scenario.Answer{Stdout: strings.Join(lines[max(0, len(lines)-n):], "")}
}

// A dfForm is how df prints.
type dfForm struct {
	unit  int64 // 0 for what a person reads best
	posix bool
	nodes bool
}

// df is the program of that name, with the options that are mostly used.
func (f *Files) df(args []string) scenario.Answer {
	form, paths := dfForm{unit: 1 << 10}, []string{}
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			paths = append(paths, arg)
			continue
		}
		for _, letter := range strings.TrimPrefix(arg, "-") {
			switch letter {
			case 'h':
				form.unit = 0
			case 'k':
				form.unit = 1 << 10
			case 'm':
				form.unit = 1 << 20
			case 'P':
				form.posix = true
			case 'i':
				form.nodes = true
			default:
				return complains("df: this simulated one knows only df [-hkmPi] [FILE...]: the scenario can say what %s prints, where it names no disks", command.Line(append([]string{diskTool}, args...)))
			}
		}
	}
	mounts := slices.Sorted(maps.Keys(f.disks))
	if len(paths) > 0 {
		mounts = nil
	}
	answer := scenario.Answer{}
	for _, at := range paths {
		if _, err := f.tree.look(path.Clean(at), true); err != nil {
			answer.ExitCode, answer.Stderr = 1, answer.Stderr+fmt.Sprintf("df: %s: %s\n", at, saying(err))
			continue
		}
		mounts = append(mounts, f.mount(path.Clean(at)))
	}
	if len(mounts) > 0 {
		answer.Stdout = f.table(mounts, form)
	}
	return answer
}

// table is what df prints of disks.
func (f *Files) table(mounts []string, form dfForm) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 1, ' ', 0)
	head := []string{"Filesystem", form.blocks(), "Used", "Available", "Use%", "Mounted on"}
	switch {
	case form.nodes:
		head = []string{"Filesystem", "Inodes", "IUsed", "IFree", "IUse%", "Mounted on"}
	case form.posix:
		head[4] = "Capacity"
	case form.unit == 0:
		head[1], head[3] = "Size", "Avail"
	}
	_, _ = fmt.Fprintln(w, strings.Join(head, "\t")) // it goes to memory
	for _, mount := range mounts {
		d := f.space(mount)
		total, used, free := d.Total, d.Used, d.Free
		if form.nodes {
			total, used, free = d.Inodes, d.Inodes-d.InodesFree, d.InodesFree
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.device(mount), form.number(total), form.number(used), form.number(free), percent(used, free), mount)
	}
	_ = w.Flush()
	return out.String()
}

func (d dfForm) blocks() string {
	switch {
	case d.posix && d.unit == 1<<20:
		return "1048576-blocks"
	case d.posix:
		return "1024-blocks"
	case d.unit == 1<<20:
		return "1M-blocks"
	}
	return "1K-blocks"
}

// number is how df writes one: rounded up.
func (d dfForm) number(n int64) string {
	switch {
	case d.nodes && n == 0 || d.unit == 0 && n == 0:
		return "0"
	case d.nodes:
		return strconv.FormatInt(n, 10)
	case d.unit == 0:
		return strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(humanize.IBytes(uint64(n)), " ", ""), "i", ""), "B")
	}
	return strconv.FormatInt((n+d.unit-1)/d.unit, 10)
}

// percent is the share used, as df has it: of what can be used, rounded up.
func percent(used, free int64) string {
	if used+free == 0 {
		return "-"
	}
	return strconv.FormatInt((used*100+used+free-1)/(used+free), 10) + "%"
}

// device is what the disk of a mount is called: the disks of a machine are numbered by letters, in the order of their places.
func (f *Files) device(mount string) string {
	all := slices.Sorted(maps.Keys(f.disks))
	at := slices.Index(all, mount)
	if at < 0 {
		return "rootfs" // no disk is named for it
	}
	return "/dev/vd" + string(rune('a'+at%26))
}
