// Package fault makes a simulated server answer wrongly, and a simulated machine go wrong, by call and count: as a scenario's faults say.
//
// It stands in front of a system's own handler and knows none: what a request asks for, and how the system words a refusal, it is told.
// It never decides by chance. Read next: answer.go for what goes wrong how,
// machine.go for machines.
package fault

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"runbook/engine/world/scenario"
)

// A Call is one request to a simulated system, in the words of a fault.
type Call struct {
	System    string // kubernetes, prometheus, host
	Verb      string // as kubectl auth can-i has it: get, list, create, delete
	Resource  string // "pods", "pods/log", "deployments.apps/scale"
	Namespace string
	Name      string
	Dry       bool // it only asks what a change would do
}

// A System is what stands behind the faults.
type System struct {
	Name     string
	Handler  http.Handler
	Describe func(*http.Request) Call // called with a request whose body can still be read
	// Refuse answers as the system words a refusal; an empty message is its own.
	Refuse func(w http.ResponseWriter, r *http.Request, code int, message string, retryAfter time.Duration)
}

// A Sleeper is the clock of the simulation: it waits in the place of the branch that made the request.
type Sleeper interface {
	Sleep(ctx context.Context, d time.Duration) error
}

// Faults are those of one world. They are counted together, whichever system meets them.
type Faults struct {
	clock Sleeper
	mu    sync.Mutex
	list  []*armed
}

// armed is a fault, and how often calls met it: those that change something or look, and those that only ask what a change would do.
type armed struct {
	scenario.Fault
	met map[bool]int
}

// New arms faults, of which the first that fits a call goes off.
func New(list []scenario.Fault, clock Sleeper) *Faults {
	f := &Faults{clock: clock}
	for _, one := range list {
		f.list = append(f.list, newArmed(one))
	}
	return f
}

func newArmed(f scenario.Fault) *armed { return &armed{f, map[bool]int{}} }

// Add arms one more, before the others.
func (f *Faults) Add(one scenario.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append([]*armed{newArmed(one)}, f.list...)
}

// Before puts the faults in front of a system.
func (f *Faults) Before(s System) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := s.call(r)
		if fault := f.next(call); fault != nil {
			answer{f.clock, s, call, fault}.give(w, r)
			return
		}
		s.Handler.ServeHTTP(w, r)
	})
}

func (s System) call(r *http.Request) Call {
	c := s.Describe(r)
	c.System = s.Name
	return c
}

// Meet counts a call to a system that is none of HTTP, and returns the fault that it meets; nil if it goes well. What then goes wrong, the
// system plays itself.
func (f *Faults) Meet(c Call) *scenario.Fault { return f.next(c) }

// next is the fault that a call meets, nil if it goes well.
func (f *Faults) next(c Call) *scenario.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.list {
		if !fits(a.Fault, c) {
			continue
		}
		a.met[c.Dry]++
		if n := a.met[c.Dry]; n > a.Skip && (a.Times < 0 || n <= a.Skip+max(a.Times, 1)) {
			return &a.Fault
		}
	}
	return nil
}

func fits(f scenario.Fault, c Call) bool {
	if f.Real && c.Dry || f.Namespace != "" && f.Namespace != c.Namespace || !like(f.Name, c.Name) {
		return false
	}
	words := strings.Fields(f.On)
	if len(words) == 1 {
		return words[0] == c.System
	}
	return like(words[0], c.Verb) && likeResource(words[1], c.Resource)
}

// like compares a name with a pattern; an empty one fits every name.
func like(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == "" || pattern == "*" || ok && err == nil
}

// likeResource compares resources, with their API group or without.
func likeResource(pattern, resource string) bool {
	name, sub, nested := strings.Cut(resource, "/")
	short, _, _ := strings.Cut(name, ".")
	if nested {
		short += "/" + sub
	}
	return pattern == "*" || pattern == resource || pattern == short
}
