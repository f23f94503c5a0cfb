package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// elapsed is a duration as a person says it, never with more than two units.
func elapsed(d time.Duration) string {
	switch {
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// count is a number of things: "1 pod", "2 pods". The noun may be given in either number, as kinds of targets are.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + singular(noun)
	}
	return fmt.Sprintf("%d %s", n, plural(noun))
}

func singular(noun string) string {
	switch {
	case strings.HasSuffix(noun, "ies"):
		return strings.TrimSuffix(noun, "ies") + "y"
	case strings.HasSuffix(noun, "sses"):
		return strings.TrimSuffix(noun, "es")
	case strings.HasSuffix(noun, "ss"):
		return noun
	}
	return strings.TrimSuffix(noun, "s")
}

func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "ss"):
		return noun + "es"
	case strings.HasSuffix(noun, "s"):
		return noun
	case strings.HasSuffix(noun, "cy"), strings.HasSuffix(noun, "ry"), strings.HasSuffix(noun, "ty"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

// verb is what is done, as a person types it: kubectl's verbs need no module before them, those of other modules do.
func verb(call *journal.Call) string { return clean(strings.TrimPrefix(call.Verb, "kubernetes.")) }

// names says targets without repeating what the header of the run said.
type names struct {
	namespace string // of the run; a target in it is named without it
}

func (n names) target(t action.Target) string {
	switch {
	case t.System == "script":
		return clean(t.Name)
	case t.System == "kubernetes" && t.Scope == n.namespace:
		t.Scope = ""
	}
	return clean(t.String())
}

func (n names) call(call *journal.Call) string { return verb(call) + " " + n.target(call.Target) }

// grouped sums calls up: "delete 2 pods, scale 1 deployment". Where it is known, it says what becomes of them: "sync 3 files: 2 copied (5 MiB),
// 1 removed".
func grouped(entries []*entry) string {
	type group struct{ verb, kind string }
	var order []group
	counts, parts := map[group]int{}, map[group][]action.Part{}
	for _, e := range entries {
		g := group{verb(e.intent.Call), clean(e.intent.Call.Target.Resource())}
		if counts[g] == 0 {
			order = append(order, g)
		}
		counts[g] += targets(e.intent)
		parts[g] = added(parts[g], e.intent.Intent.Parts)
	}
	phrases := make([]string, len(order))
	for i, g := range order {
		phrases[i] = g.verb + " " + count(counts[g], g.kind) + outcome(parts[g])
	}
	return strings.Join(phrases, ", ")
}

// added are parts with more of them, each summed up by what it is.
func added(parts, more []action.Part) []action.Part {
	for _, p := range more {
		at := slices.IndexFunc(parts, func(has action.Part) bool { return has.What == p.What })
		if at < 0 {
			parts = append(parts, p)
			continue
		}
		parts[at].Count += p.Count
		parts[at].Bytes += p.Bytes
	}
	return parts
}

// outcome says what becomes of how many, "" for what says nothing of it.
func outcome(parts []action.Part) string {
	slices.SortFunc(parts, func(a, b action.Part) int { return strings.Compare(a.What, b.What) })
	phrases := make([]string, len(parts))
	for i, p := range parts {
		phrases[i] = clean(p.What)
		if len(parts) > 1 {
			phrases[i] = strconv.Itoa(p.Count) + " " + phrases[i]
		}
		if p.Bytes > 0 {
			phrases[i] += " (" + humanize.IBytes(uint64(p.Bytes)) + ")"
		}
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return " " + phrases[0]
	}
	return ": " + strings.Join(phrases, ", ")
}

// targets is how many targets an action has: one, all of its parts, or the members of its set.
func targets(intent *journal.Record) (n int) {
	for _, p := range intent.Intent.Parts {
		n += p.Count
	}
	if n > 0 {
		return n
	}
	if n := len(intent.Intent.Members); n > 0 {
		return n
	}
	for _, a := range intent.Call.Identity {
		if !a.Set {
			continue
		}
		switch members := a.Value.(type) { // as it is told, and as it was written down
		case []string:
			return max(len(members), 1)
		case []any:
			return max(len(members), 1)
		}
	}
	return 1
}

// A tally counts the changes to one kind of target, by what becomes of it.
type tally struct {
	own     map[string]int // what the action is for
	derived map[string]int // what follows from it
}

// derived sums up what follows from an action by itself: "1 pod replaced, 1 replicaset updated".
func derived(changes []journal.Change) string {
	var kinds []string
	tallies := map[string]tally{}
	for _, c := range changes {
		kind := clean(c.Target.Resource())
		if _, seen := tallies[kind]; !seen {
			kinds = append(kinds, kind)
			tallies[kind] = tally{own: map[string]int{}, derived: map[string]int{}}
		}
		if c.Derived {
			tallies[kind].derived[c.Op]++
		} else {
			tallies[kind].own[c.Op]++
		}
	}
	var phrases []string
	for _, kind := range kinds {
		phrases = append(phrases, tallies[kind].phrases(kind)...)
	}
	return strings.Join(phrases, ", ")
}

// phrases say what follows for one kind. A deletion and a creation together are a replacement, also where the deletion is the
// action itself.
func (t tally) phrases(kind string) []string {
	replaced := min(t.derived["create"], t.own["delete"]+t.derived["delete"])
	outcomes := []struct {
		n    int
		what string
	}{
		{replaced, "replaced"},
		{t.derived["create"] - replaced, "created"},
		{t.derived["delete"] - max(replaced-t.own["delete"], 0), "deleted"},
		{t.derived["update"], "updated"},
	}
	var phrases []string
	for _, o := range outcomes {
		if o.n > 0 {
			phrases = append(phrases, count(o.n, kind)+" "+o.what)
		}
	}
	return phrases
}
