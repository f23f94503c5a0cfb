package engine

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/tape"
)

// course writes a script at random. It shows each thing that it has done, so that what the script believes in the end can be held
// against what was done. A pump called "late" cannot be looked at for some attempts; one called "broken" never can.
type course struct {
	t      *rapid.T
	names  int
	size   int  // statements left
	caught bool // what is being written lives with its failures
	exit   bool // what is being written is a clean-up

	free       bool // by chance or by what failed, two runs may do different things
	lateAtExit bool // a clean-up may fail
	exitChange bool // a clean-up changes things
}

const courseHead = `
local plant = require "plant"
local function start(name) plant.start(name) log(name) end
local function flush(name) plant.flush(name) log(name) end
local function build(name) plant.build(name) log(name) end
return runbook { summary = "s", may = { "plant.start", "plant.flush", "plant.build", "plant.remove" },
params = { how = { ask = "how?", enum = { "gently", "hard" } } }, steps = {
`

// drawCourse draws the text of a runbook.
func drawCourse(t *rapid.T) (string, *course) {
	c := &course{t: t, size: rapid.IntRange(1, 24).Draw(t, "size")}
	var text strings.Builder
	text.WriteString(courseHead)
	for i := range rapid.IntRange(1, 3).Draw(t, "steps") {
		fmt.Fprintf(&text, "step(\"S%d\", function(run) local here = \"\"\n%send),\n", i+1, c.block(0))
	}
	text.WriteString("} }")
	return text.String(), c
}

func (c *course) name() string {
	c.names++
	return fmt.Sprintf("here .. \"n%d\"", c.names)
}

func (c *course) block(depth int) string {
	var out strings.Builder
	for range rapid.IntRange(1, 4).Draw(c.t, "statements") {
		if c.size <= 0 {
			break
		}
		c.size--
		out.WriteString(c.statement(depth) + "\n")
	}
	return out.String()
}

func (c *course) statement(depth int) string {
	simple := []func() string{
		func() string { return "start(" + c.name() + ")" },
		func() string { return "flush(" + c.name() + ")" },
		func() string { return "build(" + c.name() + ")" },
		func() string { return "plant.remove(" + c.name() + ")" },
		func() string { return "plant.running(" + c.name() + ")" },
		func() string { return c.late(`plant.running("late")`) },
		func() string { return c.late(`start("late" .. ` + c.name() + `)`) },
		func() string { return c.late(`start("lost" .. ` + c.name() + `)`) },
		func() string { return `try(plant.running, "broken")` },
		func() string { return `try(start, "stuck")` },
		func() string { return "sleep(0.0002)" },
		func() string { return `log(ask("how"))` },
	}
	nested := []func(int) string{c.group, c.group, c.guarded, c.waiting, c.chance, c.atExit, c.confirmed}
	if depth < 3 && rapid.IntRange(0, 9).Draw(c.t, "nested") < 5 {
		return nested[rapid.IntRange(0, len(nested)-1).Draw(c.t, "form")](depth + 1)
	}
	if depth == 0 && rapid.IntRange(0, 30).Draw(c.t, "skip") == 0 {
		return `if true then skip("enough") end`
	}
	return simple[rapid.IntRange(0, len(simple)-1).Draw(c.t, "call")]()
}

// late is a call that fails at first.
func (c *course) late(call string) string {
	c.free = c.free || c.caught
	c.lateAtExit = c.lateAtExit || c.exit
	return call
}

// living writes a block whose failures the script lives with.
func (c *course) living(depth int, caught bool) string {
	before := c.caught
	c.caught = c.caught || caught
	defer func() { c.caught = before }()
	return c.block(depth)
}

func (c *course) group(depth int) string {
	goOn := rapid.Bool().Draw(c.t, "go on")
	how := "stop"
	if goOn {
		how = "continue"
	} else {
		c.free = c.free || c.caught // which branch failed first is chance
	}
	items := rapid.SampledFrom([]string{`{ "a", "b" }`, `{ "a", "b", "c" }`, `{ "a" }`, `{ {}, "b" }`}).Draw(c.t, "items")
	return fmt.Sprintf("parallel(%s, { limit = %d, on_error = %q }, function(item, i) local here = here .. i .. \".\"\n%send)",
		items, rapid.IntRange(1, 3).Draw(c.t, "limit"), how, c.living(depth, goOn))
}

func (c *course) guarded(depth int) string {
	return "try(function()\n" + c.living(depth, true) + "end)"
}

func (c *course) waiting(depth int) string {
	looks := rapid.IntRange(1, 3).Draw(c.t, "looks")
	return fmt.Sprintf("do local tries = 0 wait_until({ name = %s, every = 0.0002, timeout = 60 }, function() tries = tries + 1 local here = here .. tries .. \".\"\n%sreturn tries >= %d end) log(\"tries \" .. tries) end",
		c.name(), c.block(depth), looks)
}

func (c *course) chance(depth int) string {
	c.free = true
	condition := rapid.SampledFrom([]string{"math.random() < 0.5", `plant.running("x").looks % 2 == 0`, `plant.running("x").looks % 3 > 0`}).Draw(c.t, "condition")
	return "if " + condition + " then\n" + c.block(depth) + "else\n" + c.block(depth) + "end"
}

func (c *course) atExit(depth int) string {
	if c.exit {
		return `log("at exit")`
	}
	c.exit = true
	defer func() { c.exit = false }()
	body := c.living(depth, false)
	c.exitChange = c.exitChange || strings.Contains(body, "start(") || strings.Contains(body, "flush(") || strings.Contains(body, "build(")
	return "on_exit(function()\n" + body + "end)"
}

func (c *course) confirmed(depth int) string {
	return fmt.Sprintf("if confirm(%s) then\n%send", c.name(), c.block(depth))
}

// weather is what goes wrong in the plant: until it clears, what is late fails, before it is sent or after.
func (p *plant) weather(bad bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.foul = bad
}

// A fate is how an attempt ends early.
type fate struct {
	at        int // number of the record of this attempt, counted from 1; recalled ones count for an interrupt
	after     bool
	interrupt bool
}

func drawFates(t *rapid.T) []fate {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fate {
		return fate{rapid.IntRange(1, 40).Draw(t, "at"), rapid.Bool().Draw(t, "after"), rapid.IntRange(0, 4).Draw(t, "interrupt") == 0}
	}), 0, 4).Draw(t, "fates")
}

// suffer makes an attempt with that fate, zero for none.
func (p *plant) suffer(t *testing.T, text string, so *dying, f fate, options ...option) (*dying, Result, error) {
	next := &dying{}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	switch {
	case f.interrupt:
		seen := 0
		options = append(options, watching(func(*journal.Record) {
			if seen++; seen == f.at {
				cancel(ErrInterrupted)
			}
		}))
	case f.at > 0:
		next.at, next.after = f.at, f.after
		if so != nil {
			next.at += len(so.records)
		}
	}
	result, err := p.attemptInto(ctx, t, next, text, so, 0, options...)
	return next, result, err
}

// loud tells of the first failure at once, with the journal: what fails by the chance of branches may not fail again when rapid looks for
// a smaller case.
type loud struct {
	*rapid.T
	outer *testing.T
	first *sync.Once
	last  *dying
}

func (l *loud) Errorf(format string, args ...any) {
	l.first.Do(func() {
		l.outer.Logf(format, args...)
		for i := 0; l.last != nil && i < len(l.last.records); i++ {
			r := l.last.records[i]
			what := r.Key
			switch {
			case r.Host != nil:
				what = r.Host.Name + string(r.Host.Value)
			case r.Show != nil:
				what = r.Show.Text
			case r.Outcome != nil:
				what += " " + r.Outcome.Status
			case r.Resume != nil:
				what = fmt.Sprint("without ", r.Resume.Dropped)
			case r.End != nil:
				what = string(r.End.Status)
			}
			l.outer.Logf("%3d %-8s %-10q %s", r.Seq, r.Kind, r.Branch, what)
		}
	})
	l.T.Errorf(format, args...)
}

// Whatever a script does, however often it is killed, interrupted or fails: in the end what was done is what the script believes it has
// done, nothing of it twice; and where neither chance nor a failure that it lived with counts, it is what would have been done at once.
func TestAnyRunComesToTheEndThatItBelievesIn(t *testing.T) {
	var first sync.Once
	rapid.Check(t, func(rapidT *rapid.T) {
		rt := &loud{T: rapidT, outer: t, first: &first}
		text, drawn := drawCourse(rapidT)
		fates := drawFates(rapidT)
		clears := rapid.IntRange(0, 3).Draw(rapidT, "clears") // after so many attempts
		answer := how(rapid.SampledFrom([]string{"gently", "hard"}).Draw(rapidT, "answer"))
		people := asking(Yes{Nobody{}})
		if rapid.Bool().Draw(rapidT, "one by one") {
			people = asking(&consenting{People: Yes{Nobody{}}, decision: gate.Yes})
		}
		p := newPlant()
		p.fail["broken"] = action.Errorf(action.CodeNotFound, "there is no such pump")
		p.stuck["stuck"] = action.Errorf(action.CodeRejected, "it is stuck")
		var last *dying
		for attempt := 0; ; attempt++ {
			p.weather(attempt < clears)
			f := fate{}
			if attempt < len(fates) {
				f = fates[attempt]
			}
			next, result, err := p.suffer(t, text, last, f, answer, people)
			if err != nil && drawn.refused(rt, last, err) {
				return
			}
			if err != nil { // it died before its first record
				require.ErrorIs(rt, err, errDied, text)
				continue
			}
			last, rt.last = next, next
			checkJournal(rt, text, last)
			if result.Exit == ExitDone && !last.dead {
				break
			}
			if attempt > len(fates)+clears && drawn.lateAtExit {
				return // the failure of a clean-up that others came after is heard again
			}
			require.Less(rt, attempt, len(fates)+clears+2, "%s\nit does not come to its end: %s", text, last.why())
		}
		believed := map[string]int{}
		for _, show := range last.of(journal.KindShow) {
			if s := show.Show.Text; strings.Contains(s, "n") && !strings.Contains(s, " ") && s != "gently" {
				believed[s]++
			}
		}
		done := maps.Clone(p.started)
		for name := range p.tanks {
			done[name]++
		}
		require.Equal(rt, done, believed, text)
		checkReplay(rt, p, text, last, answer)
		if drawn.free {
			return
		}
		calm := newPlant()
		calm.fail, calm.stuck = p.fail, p.stuck
		_, result, err := calm.suffer(t, text, nil, fate{}, answer)
		require.NoError(rt, err)
		require.Equal(rt, ExitDone, result.Exit, text)
		require.Equal(rt, calm.started, p.started, text)
	})
}

// refused tells whether a run may not be taken up, and for a reason that is told to people.
func (c *course) refused(t *loud, last *dying, err error) bool {
	switch {
	case last == nil:
		return false
	case strings.Contains(err.Error(), "came to its end"):
		return true
	case strings.Contains(err.Error(), "was ended by its own script"):
		require.True(t, c.lateAtExit, err)
		return true
	case strings.Contains(err.Error(), "the clean-ups of run"):
		require.True(t, c.exitChange, err)
		return true
	}
	return false
}

// checkJournal checks that what holds of a journal holds each operation once.
func checkJournal(t *loud, text string, d *dying) {
	seen, numbers := map[string]bool{}, map[int]string{}
	for _, r := range tape.Whole(d.records).Records {
		if r.Key != "" && r.Kind != journal.KindConsent && r.Kind != journal.KindAssume {
			id := string(r.Kind) + " " + r.Key
			require.False(t, seen[id], "%s\ntwice: %s", text, id)
			seen[id] = true
		}
		if r.Kind == journal.KindIntent {
			require.Empty(t, numbers[r.Intent.Number], "%s\nnumber %d is another's: %s", text, r.Intent.Number, r.Key)
			numbers[r.Intent.Number] = r.Key
		}
	}
}

// checkReplay checks that a recording of the run is heard to its end, and shows the same.
func checkReplay(t *loud, p *plant, text string, recorded *dying, answer option) {
	out := &dying{}
	cfg := p.bench(t.outer, text, out)
	answer(&cfg)
	cfg.Past = Recording(recorded.records)
	cfg.Mode = Replayed(cfg.Past.Run)
	result, err := Run(t.outer.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, ExitDone, result.Exit, "%s\n%s", text, out.why())
}
