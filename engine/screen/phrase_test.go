package screen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 20 * time.Millisecond: "0.0s", 1250 * time.Millisecond: "1.2s", 9 * time.Second: "9s", 9990 * time.Millisecond: "10.0s",
		12700 * time.Millisecond: "12s", 65 * time.Second: "1m05s", time.Hour + 5*time.Minute + 59*time.Second: "1h05m",
	} {
		require.Equal(t, want, elapsed(d), d)
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{
		{1, "pods", "1 pod"}, {2, "pods", "2 pods"}, {0, "action", "0 actions"}, {1, "networkpolicies", "1 networkpolicy"},
		{1, "ingresses", "1 ingress"}, {2, "ingresses", "2 ingresses"}, {3, "device", "3 devices"}, {2, "policy", "2 policies"},
		{1, "storageclasses", "1 storageclass"}, {2, "class", "2 classes"}, {2, "key", "2 keys"},
	} {
		require.Equal(t, c.want, count(c.n, c.noun))
	}
}

func TestGrouped(t *testing.T) {
	removal := func(members []string, args ...action.Arg) *entry {
		call := &journal.Call{Verb: "host.remove", Target: action.Target{System: "host", Kind: "files", Name: "/tmp"}, Identity: args}
		return &entry{intent: &journal.Record{Call: call, Intent: &journal.Intent{Members: members}}}
	}
	for want, entries := range map[string][]*entry{
		"host.remove 1 file":  {removal(nil)},
		"host.remove 2 files": {removal(nil), removal(nil, action.Arg{Name: "root", Value: []any{"a", "b"}})},
		"host.remove 4 files": {removal([]string{"a", "b", "c"}), removal(nil)},
		"host.remove 3 files": {removal(nil, action.Arg{Name: "files", Value: []any{"a", "b", "c"}, Set: true})},
		"host.remove 5 files": {removal(nil, action.Arg{Name: "files", Value: []string{"a", "b", "c", "d", "e"}, Set: true})},
	} {
		require.Equal(t, want, grouped(entries))
	}
}

func TestGroupedByParts(t *testing.T) {
	syncing := func(parts ...action.Part) *entry {
		call := &journal.Call{Verb: "s3.sync", Target: action.Target{System: "host", Kind: "files", Name: "/tmp"}}
		return &entry{intent: &journal.Record{Call: call, Intent: &journal.Intent{Parts: parts}}}
	}
	copied, removed := action.Part{What: "copied", Count: 2, Bytes: 5 << 20}, action.Part{What: "removed", Count: 1, Bytes: 10}
	for want, entries := range map[string][]*entry{
		"s3.sync 2 files copied (5.0 MiB)":                      {syncing(copied)},
		"s3.sync 1 file removed (10 B)":                         {syncing(removed)},
		"s3.sync 3 files: 2 copied (5.0 MiB), 1 removed (10 B)": {syncing(copied, removed)},
		"s3.sync 4 files copied (10 MiB)":                       {syncing(copied), syncing(copied)},
		"s3.sync 4 files: 2 copied (5.0 MiB), 2 removed (20 B)": {syncing(removed), syncing(copied, removed)},
		"s3.sync 2 files: 1 copied, 1 removed":                  {syncing(action.Part{What: "copied", Count: 1}, action.Part{What: "removed", Count: 1})},
		"s3.sync 2 files copied (5.0 MiB), host.remove 1 file":  {syncing(copied), {intent: &journal.Record{Call: &journal.Call{Verb: "host.remove", Target: action.Target{Kind: "files"}}, Intent: &journal.Intent{}}}},
	} {
		require.Equal(t, want, grouped(entries))
		require.Equal(t, want, grouped(entries), "nothing was written into the records")
	}
}

func TestDerived(t *testing.T) {
	change := func(op, kind string, derived bool) journal.Change {
		return journal.Change{Op: op, Target: action.Target{Kind: kind}, Derived: derived}
	}
	own, follows := false, true
	for _, c := range []struct {
		name    string
		changes []journal.Change
		want    string
	}{
		{"nothing follows", []journal.Change{change("delete", "pods", own)}, ""},
		{"a deleted pod comes back", []journal.Change{change("delete", "pods", own), change("create", "pods", follows)}, "1 pod replaced"},
		{"a restart", []journal.Change{
			change("update", "deployments.apps", own), change("delete", "pods", follows), change("delete", "pods", follows),
			change("create", "pods", follows), change("create", "pods", follows), change("create", "replicasets.apps", follows),
		}, "2 pods replaced, 1 replicaset created"},
		{"scaling down", []journal.Change{change("update", "deployments.apps", own), change("delete", "pods", follows)}, "1 pod deleted"},
		{"a namespace goes", []journal.Change{
			change("delete", "namespaces", own), change("delete", "pods", follows), change("update", "quotas", follows),
		}, "1 pod deleted, 1 quota updated"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, derived(c.changes)) })
	}
}

func TestNames(t *testing.T) {
	n := names{namespace: "photon-mlir"}
	for _, c := range []struct {
		verb   string
		target action.Target
		want   string
	}{
		{"kubernetes.delete", pod("a"), "delete pods/a"},
		{"kubernetes.delete", action.Target{System: "kubernetes", Kind: "pods", Scope: "default", Name: "a"}, "delete pods/a in default"},
		{"s3.delete", action.Target{System: "s3", Kind: "object", Scope: "photon-mlir", Name: "a"}, "s3.delete object/a in photon-mlir"},
		{"wait_until", action.Target{System: "script", Kind: "condition", Name: "the queue is empty"}, "wait_until the queue is empty"},
	} {
		require.Equal(t, c.want, n.call(&journal.Call{Verb: c.verb, Target: c.target}))
	}
}
