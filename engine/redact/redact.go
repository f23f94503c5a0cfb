// Package redact keeps secrets out of everything that a run writes: screen, journal, plan, cassette.
//
// A Redactor is told each secret value once, when the value is read, and hides it afterwards in whatever passes: in its own
// form and in the forms in which programs like to print it (forms.go). It knows only values that it was told; it never
// guesses what looks like a secret, because a guess that hides a pod's name at 3 a.m. does harm, and one that misses gives
// false comfort. Nothing here does I/O of its own. Read next: matcher.go for how forms are found, writer.go for streams,
// sink.go for records.
package redact

import (
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"runbook/engine/action"
)

// mark is what stands where a secret stood.
const mark = action.Masked

// minimum is the length in bytes of the shortest secret that is hidden. A shorter one is likely to be a piece of ordinary
// text: hiding "root" or "1234" would garble names, times and counts all over the journal, and the holes would spell the
// secret out. What is so short protects nothing anyway.
const minimum = 6

// A Redactor replaces the secrets that it was told by a mark. The zero value is ready to use. It is safe for concurrent use;
// what is written while Add runs may still show the new secret.
type Redactor struct {
	mu      sync.Mutex              // held by Add
	secrets map[string]bool         // as they were told
	known   map[string]bool         // their forms
	matcher atomic.Pointer[matcher] // nil as long as there is no secret
}

// New returns a Redactor that knows no secret yet.
func New() *Redactor { return new(Redactor) }

// Add makes the Redactor hide secrets and their forms from now on. White space around one does not count, since files end in
// newlines that do not belong to the password in them. It tells whether all of them will be hidden: see minimum for which
// are not.
func (r *Redactor) Add(secrets ...string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, all := len(r.known), true
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		if len(secret) < minimum || strings.Contains(mark, secret) {
			all = false // what is part of the mark itself cannot be hidden by it
			continue
		}
		r.learn(secret)
	}
	if len(r.known) > before {
		r.matcher.Store(newMatcher(r.known))
	}
	return all
}

// learn takes up the forms of one secret. The caller holds the lock.
func (r *Redactor) learn(secret string) {
	if r.secrets[secret] {
		return
	}
	if r.known == nil {
		r.secrets, r.known = map[string]bool{}, map[string]bool{}
	}
	r.secrets[secret] = true
	for _, form := range forms(secret) {
		r.known[form] = true
	}
}

// String returns s without secrets: s itself if there are none in it.
func (r *Redactor) String(s string) string {
	m := r.matcher.Load()
	if m == nil || len(s) < minimum {
		return s
	}
	if obscures(s) {
		if out, found := m.replaceObscured([]byte(s)); found {
			return string(out)
		}
		return s
	}
	out, found := m.replace([]byte(s)) // the compiler sees that it is only read, and copies nothing
	if !found {
		return s
	}
	return string(out)
}

// Bytes returns b without secrets: b itself, not a copy, if there are none in it. It never changes b.
func (r *Redactor) Bytes(b []byte) []byte {
	m := r.matcher.Load()
	if m == nil {
		return b
	}
	replace := m.replace
	if obscures(b) {
		replace = m.replaceObscured
	}
	if out, found := replace(b); found {
		return out
	}
	return b
}

// Clean returns a value without secrets, copied as far as there were some, by the same rules as Sink.
func Clean[T any](r *Redactor, v T) T {
	of := reflect.ValueOf(v)
	if r.matcher.Load() == nil || !of.IsValid() {
		return v
	}
	if clean, changed := r.value(of); changed {
		return clean.Interface().(T)
	}
	return v
}

// holds tells whether there is a secret in b as it stands there.
func (r *Redactor) holds(b []byte) bool {
	m := r.matcher.Load()
	return m != nil && m.first(b) >= 0
}
