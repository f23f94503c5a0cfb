package host

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

// entryType is the type of an entry, in the notation of Lua language servers.
const entryType = "{ path: string, kind: string, size: integer, used: integer, modified: number, mode: string, owner: string, group: string, links: integer, id: string, target?: string }"

const entryDoc = "path, kind (file, folder, link or other), size in bytes, used on the disk, modified in seconds since 1970, mode such as 0644, " +
	"owner and group by name, how many links (names) it has, id (of the file itself), and the target of a link"

// An entry is a file as scripts have it.
type entry struct {
	Path     string  `json:"path"`
	Kind     string  `json:"kind"`
	Size     int64   `json:"size"`
	Used     int64   `json:"used"`
	Modified float64 `json:"modified"`
	Mode     string  `json:"mode"`
	Owner    string  `json:"owner"`
	Group    string  `json:"group"`
	Links    int     `json:"links"`
	ID       string  `json:"id"`
	Target   string  `json:"target,omitempty"`
}

// microseconds are as exactly as a number of seconds since 1970 has a time.
const microseconds = 1e6

func entryOf(e files.Entry) entry {
	return entry{
		Path: files.Spell(e.Path), Kind: string(e.Kind), Size: e.Size, Used: e.Used, Modified: seconds(e.Modified),
		Mode: fmt.Sprintf("%04o", e.Mode), Owner: e.Owner, Group: e.Group, Links: e.Links, ID: files.Spell(e.ID), Target: files.Spell(e.Target),
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / microseconds }

// is tells whether an entry still is the one that a script has been given. A folder is it whatever is in it.
func (e entry) is(now entry) bool {
	if e.Kind != now.Kind || e.ID != now.ID {
		return false
	}
	return e.Kind == string(files.Folder) || e.Size == now.Size && math.Abs(e.Modified-now.Modified) < 1/microseconds
}

// unlooked is what could not be looked at, as scripts have it.
type unlooked struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

func unlookedOf(list []files.Unlooked) []unlooked {
	out := make([]unlooked, len(list))
	for i, u := range list {
		out[i] = unlooked{files.Spell(u.Path), u.Err.Error()}
	}
	return out
}

const unlookedDoc = "how many could not be looked at (skipped), and the first hundred of these, with why (unlooked)"

func byPath(a, b files.Entry) int { return cmp.Compare(a.Path, b.Path) }

// raw is a value as a script gets it.
func raw(v any) (any, error) {
	text, err := module.Raw(v)
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot give that to the script: %w", err)
	}
	return text, nil
}

// decoded reads a value that came from a script, or through it, into a Go one.
func decoded(value any, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// normalised is a value of a script with nothing in it that is still text.
func normalised(value any) (out any, err error) {
	err = decoded(value, &out)
	return out, err
}

// asTable is a value that is an object as options are given.
func asTable(value any) (any, error) {
	if text, isRaw := value.(json.RawMessage); isRaw {
		var object map[string]any
		err := json.Unmarshal(text, &object)
		return object, err
	}
	return value, nil
}

// A sum is what some entries are, counted.
type sum struct {
	entries int64
	size    int64          // bytes that they hold
	frees   int64          // bytes that the disk has when they are gone
	names   map[string]int // how many names of a file were met that has several
}

func (s *sum) add(e files.Entry) {
	s.entries++
	if e.Kind == files.Folder {
		return
	}
	s.size += e.Size
	if e.Links < 2 {
		s.frees += e.Used
		return
	}
	if s.names == nil {
		s.names = map[string]int{}
	}
	if s.names[e.ID]++; s.names[e.ID] == e.Links {
		s.frees += e.Used // its last name
	}
}

// said is the sum for a person. It is the same before and after.
func (s *sum) said() string {
	return counted(s.entries) + ", " + humanBytes(s.size) + "; frees " + humanBytes(s.frees)
}

func sumOf(list []files.Entry) (s sum) {
	for _, e := range list {
		s.add(e)
	}
	return s
}

// humanBytes is a number of bytes for a person.
func humanBytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// counted is a number of entries for a person.
func counted(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return humanize.Comma(n) + " entries"
}

// namedAtMost is how many entries are named to a person.
const namedAtMost = 20

// listed shows entries to a person below a root, as a state has them under a name: what is said of each, of the first of them by name, and
// how many more there are.
func listed(root, as string, list []files.Entry, says func(files.Entry) string) map[string]any {
	sorted := slices.SortedFunc(slices.Values(list), byPath)
	shown := map[string]any{}
	for _, e := range sorted[:min(len(sorted), namedAtMost)] {
		shown[label(e)] = says(e)
	}
	out := map[string]any{"in": files.Spell(root), as: shown}
	if more := len(sorted) - len(shown); more > 0 {
		out["more"] = humanize.Comma(int64(more)) + " others"
	}
	return out
}

// label is what an entry is called where it has a line for itself.
func label(e files.Entry) string {
	name := member(e)
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
}
