package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// A logChoice is which lines of which containers' logs are wanted.
type logChoice struct {
	container string // empty for the one that kubectl means
	all       bool
	tail      int // lines; negative for all
	limit     int // bytes
	grep      *syntax.Regexp
	since     time.Duration // 0 for ever
	previous  bool
	stamps    bool // the lines are to have their times
}

func (b *binding) logChoice(function string, args module.Args) (logChoice, error) {
	c := logChoice{container: args.String("container"), all: args.Bool("all_containers"), previous: args.Bool("previous")}
	if c.all && c.container != "" {
		return c, action.Errorf(action.CodeInvalid, "%s: give a container or all_containers, not both", function)
	}
	if args.Bool("ignore_case") && args.String("grep") == "" {
		return c, action.Errorf(action.CodeInvalid, "%s: ignore_case says nothing without grep", function)
	}
	n, _ := args.Int("tail")
	limit, _ := args.Int("limit_bytes")
	c.tail, c.limit = int(n), int(limit)
	c.since, _ = args.Duration("since")
	var err error
	c.grep, err = parseGrep(function, args.String("grep"), args.Bool("ignore_case"))
	return c, err
}

// of names the chosen containers of a pod.
func (c logChoice) of(pod object) []string {
	switch {
	case c.all:
		return containersInOrder(pod)
	case c.container != "":
		return []string{c.container}
	}
	return []string{defaultContainer(pod)}
}

// containersInOrder are a pod's containers in the order in which kubectl logs --all-containers takes them, which is that of their starts.
func containersInOrder(pod object) []string {
	var names []string
	for _, field := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for _, c := range workload.Maps(pod, "spec", field) {
			names = append(names, workload.Text(c, "name"))
		}
	}
	return names
}

// query asks for the last so many lines, all of them if negative. It never cuts after so many bytes: that would keep the oldest.
func (c logChoice) query(container string, lines int) url.Values {
	query := url.Values{"container": {container}}
	if lines >= 0 {
		query.Set("tailLines", strconv.Itoa(lines))
	}
	if c.since > 0 {
		query.Set("sinceSeconds", strconv.FormatInt(max(1, int64((c.since+time.Second-1)/time.Second)), 10))
	}
	if c.previous {
		query.Set("previous", "true")
	}
	if c.stamps {
		query.Set("timestamps", "true")
	}
	return query
}

// Which lines match only we can tell, and every line costs the server much: more than reading it from a disk. So the last matching lines
// are looked for from the end, in the last firstLook lines, then in a longer piece, by what the one before promises.
const (
	firstLook   = 2_000 // lines
	leastGrowth = 2
	mostGrowth  = 16
)

// readLog reads a container's log as it comes, and keeps what is wanted. With an error comes what was there until then.
func (b *binding) readLog(ctx context.Context, of address, pod object, container string, c logChoice) (*tail, error) {
	lines := c.tail
	searches := c.grep != nil && c.tail > 0
	if searches {
		lines = firstLook
	}
	for {
		kept, seen, err := b.readLast(ctx, of, container, c, lines)
		if err != nil {
			return kept, explainLog(err, of, pod)
		}
		found := len(kept.kept())
		if !searches || seen < lines || found >= c.tail || kept.dropped {
			return kept, nil
		}
		lines *= growth(found, c.tail)
	}
}

// growth is how much longer the next piece is to be, where a piece had some of the lines that are wanted.
func growth(found, wanted int) int {
	if found == 0 {
		return mostGrowth
	}
	return min(max(wanted*13/(found*10)+1, leastGrowth), mostGrowth)
}

// readLast reads the last lines of a log, all if negative, and tells how many there were.
func (b *binding) readLast(ctx context.Context, of address, container string, c logChoice, lines int) (kept *tail, seen int, err error) {
	kept = &tail{most: c.tail, limit: c.limit, cut: b.Secrets.String}
	grep := newMatcher(c.grep)
	var last time.Time
	each := func(line []byte) {
		seen++
		var stamp []byte
		if c.stamps {
			stamp, line = unstamped(line)
		}
		if !grep.match(line) {
			return
		}
		if at, err := time.Parse(time.RFC3339Nano, string(stamp)); err == nil {
			last = at
		}
		kept.add(last, line)
	}
	r := of.request(http.MethodGet, "get log", "read the log of")
	r.path, r.query, r.accept = of.path("log"), c.query(container, lines), "*/*"
	err = b.receive(ctx, r, func(response *http.Response) error { return readLines(response.Body, each) })
	return kept, seen, err
}

// hasNoLog tells whether a container has no log that could be read, as opposed to one that cannot be reached: it has not started, or has
// not run before.
func hasNoLog(err error) bool {
	code := answerOf(err).code
	return code == http.StatusBadRequest || code == http.StatusNotFound
}

// explainLog adds what a person needs when the server does not find the container or has no log of it.
func explainLog(err error, of address, pod object) error {
	e, ok := errors.AsType[*action.Error](err)
	if !ok || answerOf(err).code != http.StatusBadRequest {
		return err
	}
	return e.Try("its containers are %s; their states: kubectl describe %s", strings.Join(containers(pod), ", "), of.kubectl())
}
