package action

import (
	"slices"
	"strings"
)

// A Target names one object in the outside world, or, for a read, a set of them.
type Target struct {
	System string `json:"system"`          // "kubernetes", "s3", "device"
	Kind   string `json:"kind"`            // "pods", "deployments.apps", "object"
	Scope  string `json:"scope,omitempty"` // namespace, bucket, host; empty where the system has none
	Name   string `json:"name,omitempty"`  // empty for a set
}

// Key is the target as one string, equal for equal targets only: no system, kind or scope contains a slash.
func (t Target) Key() string {
	return strings.Join([]string{t.System, t.Kind, t.Scope, t.Name}, "/")
}

// Resource is the target's kind without its API group: "deployments" for "deployments.apps".
func (t Target) Resource() string {
	resource, _, _ := strings.Cut(t.Kind, ".")
	return resource
}

// String is the target as a person types it: "deployments/photon-compiler in photon-mlir". A name that begins with a slash stands by itself,
// to be copied as it is: "files /var/cache in rack-1".
func (t Target) String() string {
	var b strings.Builder
	b.WriteString(t.Resource())
	if t.Name != "" {
		separator := "/"
		if strings.HasPrefix(t.Name, separator) {
			separator = " "
		}
		b.WriteString(separator + t.Name)
	}
	if t.Scope != "" {
		b.WriteString(" in " + t.Scope)
	}
	return b.String()
}

// IsZero tells whether no target was named.
func (t Target) IsZero() bool { return t == Target{} }

// Canonical is the identity of an operation as one string: verb, target and identity arguments. Two operations with the same
// canonical form in the same place of a script are the same operation.
func (d Description) Canonical() string {
	identity := slices.DeleteFunc(slices.Clone(d.Identity), func(a Arg) bool { return a.Set })
	return d.Verb + " " + d.Target.Key() + " " + Text(identity)
}

// Operation is Canonical, and the same whether the description is the action's own or was written down and read again.
func (d Description) Operation() string {
	if len(d.Identity) == 0 {
		d.Identity = nil
	}
	return d.Canonical()
}

// Arg returns the identity or payload argument with that name.
func (d Description) Arg(name string) (any, bool) {
	for _, list := range [][]Arg{d.Identity, d.Payload} {
		for _, a := range list {
			if a.Name == name {
				return a.Value, true
			}
		}
	}
	return nil, false
}
