package controller

import (
	"fmt"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// The limits of client-go's event correlator, and how long an API server keeps an event.
const (
	burst       = 25              // events of one source about one object, before they are held back
	refill      = 5 * time.Minute // until one more may come
	similar     = 10              // different messages of one reason, before they are combined
	similarFor  = 10 * time.Minute
	eventsStand = time.Hour
)

// A note is what somebody has to say about an object.
type note struct {
	from, host   string // who, and on which node
	warning      bool
	reason, text string
	field        string // of the object, if it is about a part
	action       string // what was tried, as only the scheduler says it
}

// A recorder knows what was said before, so that what is said again is counted instead of repeated.
type recorder struct {
	said   map[string]*saying
	groups map[string]*group
	spam   map[string]*bucket
	last   int64 // of the numbers in names
}

type saying struct {
	key   store.Key
	count int64
	first string
}

type group struct {
	texts map[string]bool
	last  time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newRecorder() recorder {
	return recorder{said: map[string]*saying{}, groups: map[string]*group{}, spam: map[string]*bucket{}}
}

// tell records an event about an object, as client-go's recorder and correlator would: the same again is counted, too many different
// ones of one reason are combined, and who says too much is held back.
func (c *Controllers) tell(about Object, n note, format string, args ...any) {
	n.text = fmt.Sprintf(format, args...)
	source := n.from + "/" + n.host + "/" + uidOf(about)
	if c.isTerminating(namespaceOf(about)) || !c.notes.allows(source, c.now()) {
		return
	}
	key := source + "/" + n.field + "/" + fmt.Sprint(n.warning) + "/" + n.reason
	if c.notes.tooMany(key, n.text, c.now()) {
		n.text = "(combined from similar events): " + n.text
	} else {
		key += "/" + n.text
	}
	c.write(about, n, key)
}

func (c *Controllers) write(about Object, n note, key string) {
	was := c.notes.said[key]
	if was == nil {
		was = &saying{first: c.stamp()}
		c.notes.said[key] = was
	}
	was.count++
	if old := c.store.Get(was.key); old != nil {
		c.store.Update("events", workload.With(c.again(old, was.count), n.text, "message"))
	} else {
		event := c.event(about, n, was)
		was.key = store.KeyOf("events", event)
		c.store.Create("events", c.store.Stamped(event, false))
	}
	c.agenda.put(was.key.Namespace+"/"+was.key.Name, "expires", c.now().Add(eventsStand), func() { c.store.Delete(was.key) })
}

// again is an event that was said once more.
func (c *Controllers) again(event Object, count int64) Object {
	if event["eventTime"] != nil {
		return workload.With(event, Object{"count": count, "lastObservedTime": c.microStamp()}, "series")
	}
	return workload.With(workload.With(event, count, "count"), c.stamp(), "lastTimestamp")
}

func (c *Controllers) microStamp() string {
	return c.now().UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}

// modern is an event in the form of the newer interface, which of all that is simulated the scheduler alone uses: it counts in a series.
func (c *Controllers) modern(event Object, n note) Object {
	for _, field := range []string{"count", "firstTimestamp", "lastTimestamp"} {
		event = workload.With(event, nil, field)
	}
	event = workload.With(event, Object{}, "source")
	event = workload.With(event, n.from+"-simulated", "reportingInstance")
	event = workload.With(event, n.action, "action")
	return workload.With(event, c.microStamp(), "eventTime")
}

func (c *Controllers) event(about Object, n note, was *saying) Object {
	kind := "Normal"
	if n.warning {
		kind = "Warning"
	}
	involved := Object{
		"apiVersion": workload.Text(about, "apiVersion"), "kind": workload.Text(about, "kind"), "name": nameOf(about),
		"uid": uidOf(about), "resourceVersion": workload.Text(about, "metadata", "resourceVersion"),
	}
	source := Object{"component": n.from}
	for _, optional := range []struct {
		in         Object
		key, value string
	}{{involved, "namespace", namespaceOf(about)}, {involved, "fieldPath", n.field}, {source, "host", n.host}} {
		if optional.value != "" {
			optional.in[optional.key] = optional.value
		}
	}
	namespace := namespaceOf(about)
	if namespace == "" {
		namespace = "default"
	}
	event := Object{
		"apiVersion": "v1", "kind": "Event", "type": kind, "reason": n.reason, "message": n.text, "involvedObject": involved,
		"source": source, "reportingComponent": n.from, "reportingInstance": n.host, "eventTime": nil,
		"count": was.count, "firstTimestamp": was.first, "lastTimestamp": c.stamp(),
		"metadata": Object{"namespace": namespace, "name": c.notes.name(nameOf(about), c.now())},
	}
	if n.action != "" {
		return c.modern(event, n)
	}
	return event
}

// name is one that no other event has, although many are recorded at one instant.
func (r *recorder) name(about string, now time.Time) string {
	r.last = max(r.last+1, now.UnixNano())
	return fmt.Sprintf("%s.%x", about, r.last)
}

func (r *recorder) allows(source string, now time.Time) bool {
	b := r.spam[source]
	if b == nil {
		b = &bucket{tokens: burst, at: now}
		r.spam[source] = b
	}
	b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()/refill.Seconds())
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func (r *recorder) tooMany(key, text string, now time.Time) bool {
	g := r.groups[key]
	if g == nil || now.Sub(g.last) > similarFor {
		g = &group{texts: map[string]bool{}}
		r.groups[key] = g
	}
	g.last = now
	if len(g.texts) >= similar && !g.texts[text] {
		return true
	}
	g.texts[text] = true
	return len(g.texts) >= similar
}
