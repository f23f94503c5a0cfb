package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
)

var began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

func pod(name string) Object {
	return Object{"apiVersion": "v1", "kind": "Pod", "metadata": Object{"namespace": "shop", "name": name}}
}

func names(list []Object) (out []string) {
	for _, o := range list {
		out = append(out, workload.Text(o, "metadata", "name"))
	}
	return out
}

func TestOneCounterForAllRevisions(t *testing.T) {
	s := New(began)
	a := s.Create("pods", s.Stamped(pod("a"), false))
	n := s.Create("nodes", s.Stamped(Object{"metadata": Object{"name": "n"}}, false))
	require.Equal(t, "2", workload.Text(a, "metadata", "resourceVersion"))
	require.Equal(t, "3", workload.Text(n, "metadata", "resourceVersion"))

	same := s.Update("pods", a)
	require.Equal(t, a, same, "what is the same is not stored")
	require.Equal(t, int64(3), s.Revision())
	b := s.Update("pods", workload.With(a, "Running", "status", "phase"))
	require.Equal(t, "4", workload.Text(b, "metadata", "resourceVersion"))
	require.Nil(t, a["status"], "what came out is never modified")

	gone := s.Delete(KeyOf("pods", a))
	require.Equal(t, "5", workload.Text(gone, "metadata", "resourceVersion"))
	require.Nil(t, s.Get(KeyOf("pods", a)))
	require.Nil(t, s.Delete(KeyOf("pods", a)))
}

// A scenario must go the same way each time, and an object that comes again is another one.
func TestUidsFollowFromTheOrderOfCreation(t *testing.T) {
	uids := func() (out []any) {
		s := New(began)
		for range 2 {
			o := s.Create("pods", s.Stamped(pod("a"), false))
			out = append(out, workload.Dig(o, "metadata", "uid"))
			s.Delete(KeyOf("pods", o))
		}
		return out
	}
	once, again := uids(), uids()
	require.Equal(t, once, again)
	require.NotEqual(t, once[0], once[1])
}

func TestTheStateAtARevision(t *testing.T) {
	s := New(began)
	a := s.Create("pods", s.Stamped(pod("a"), false))
	s.Create("pods", s.Stamped(pod("b"), false))
	then := s.Revision()
	s.Update("pods", workload.With(a, "Failed", "status", "phase"))
	s.Delete(Key{"pods", "shop", "b"})
	s.Create("pods", s.Stamped(pod("c"), false))

	list, known := s.At("pods", "shop", then)
	require.True(t, known)
	require.Equal(t, []string{"a", "b"}, names(list))
	require.Empty(t, workload.Text(list[0], "status", "phase"))
	require.Equal(t, []string{"a", "c"}, names(s.List("pods", "shop")))

	events, known := s.Since(then)
	require.True(t, known)
	require.Equal(t, []EventType{Modified, Deleted, Added}, []EventType{events[0].Type, events[1].Type, events[2].Type})
	s.Forget()
	_, known = s.Since(then)
	require.False(t, known)
	_, known = s.At("pods", "shop", then)
	require.False(t, known)
	_, known = s.Since(s.Revision())
	require.True(t, known)
}

func TestHistoryIsBounded(t *testing.T) {
	s := New(began)
	a := s.Create("pods", s.Stamped(pod("a"), false))
	for i := range 3 * kept {
		a = s.Update("pods", workload.With(a, int64(i), "status", "n"))
	}
	require.LessOrEqual(t, len(s.history), 2*kept)
	_, known := s.Since(1)
	require.False(t, known)
	events, known := s.Since(s.Revision() - 10)
	require.True(t, known)
	require.Len(t, events, 10)
}
