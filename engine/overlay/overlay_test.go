package overlay

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

type object = map[string]any

var deployment = action.Target{System: "kubernetes", Kind: "deployments.apps", Scope: "photon-mlir", Name: "photon-compiler"}

func named(scope, name string) action.Target {
	return action.Target{System: "kubernetes", Kind: "pods", Scope: scope, Name: name}
}

func apply(t require.TestingT, o *Overlay, target action.Target, before, after any) {
	require.NoError(t, o.Apply([]action.Change{{Target: target, Before: before, After: after}}))
}

func scaled(replicas, ready int64) object {
	return object{"spec": object{"replicas": replicas}, "status": object{"ready": ready}}
}

func TestNothingIntendedReturnsTheLiveObjectItself(t *testing.T) {
	o := New()
	live := scaled(3, 3)
	got, intended := o.Lay(deployment, live)
	assert.False(t, intended)
	got["seen"] = true
	assert.Contains(t, live, "seen", "not a copy")
	got, intended = o.Lay(deployment, nil)
	assert.Nil(t, got)
	assert.False(t, intended)
}

func TestAnUpdateLetsLiveStatusShowThrough(t *testing.T) {
	o := New()
	apply(t, o, deployment, scaled(3, 3), scaled(5, 3))
	got, intended := o.Lay(deployment, scaled(3, 1))
	assert.True(t, intended)
	assert.Equal(t, scaled(5, 1), got)
}

func TestAnUpdatedObjectThatVanishedIsWhatWasPredicted(t *testing.T) {
	o := New()
	apply(t, o, deployment, scaled(3, 3), scaled(5, 3))
	apply(t, o, deployment, scaled(5, 3), scaled(5, 5))
	got, intended := o.Lay(deployment, nil)
	assert.True(t, intended)
	assert.Equal(t, scaled(5, 5), got)
}

func TestScaleDownAndUpAgainIsNoChangeOfTheLiveObject(t *testing.T) {
	o := New()
	apply(t, o, deployment, scaled(3, 3), scaled(0, 3))
	apply(t, o, deployment, scaled(0, 3), scaled(3, 3))
	got, _ := o.Lay(deployment, scaled(7, 2))
	assert.Equal(t, scaled(3, 2), got, "the run wrote replicas, whatever others write")
}

func TestTheLifeOfAnObject(t *testing.T) {
	o := New()
	expect := func(live, want object) {
		t.Helper()
		got, intended := o.Lay(deployment, live)
		assert.True(t, intended)
		assert.Equal(t, want, got)
	}
	apply(t, o, deployment, nil, scaled(1, 0)) // create
	expect(nil, scaled(1, 0))
	expect(scaled(9, 9), scaled(1, 0)) // somebody else's does not show
	apply(t, o, deployment, scaled(1, 0), scaled(2, 0))
	expect(nil, scaled(2, 0))
	apply(t, o, deployment, scaled(2, 0), nil) // delete after create
	expect(nil, nil)
	expect(scaled(9, 9), nil)
	apply(t, o, deployment, scaled(2, 0), scaled(3, 0)) // another branch was late
	expect(nil, nil)
	apply(t, o, deployment, object(nil), scaled(4, 0)) // create after delete
	expect(scaled(9, 9), scaled(4, 0))
}

func TestARemovedMapThatComesBackDoesNotBringOldMembers(t *testing.T) {
	o := New()
	apply(t, o, deployment, object{"labels": object{"a": "1"}}, object{})
	apply(t, o, deployment, object{}, object{"labels": object{"b": "2"}})
	got, _ := o.Lay(deployment, object{"labels": object{"a": "1", "c": "3"}})
	assert.Equal(t, object{"labels": object{"b": "2"}}, got)
}

func TestNullIsAValue(t *testing.T) {
	o := New()
	apply(t, o, deployment, object{"a": int64(1), "b": nil}, object{"a": nil, "b": nil})
	got, _ := o.Lay(deployment, object{"a": int64(2), "b": "live"})
	assert.Equal(t, object{"a": nil, "b": "live"}, got)
}

func TestBindingsMayHandOverOtherTypes(t *testing.T) {
	o := New()
	apply(t, o, deployment, object{"n": int64(3), "f": 3.0}, object{
		"n": 3.0, "f": 3, "labels": map[string]string{"a": "b"}, "list": []string{"x"},
		"raw":    json.RawMessage(`{"big":9007199254740993}`),
		"number": json.Number("1.5"), "huge": json.Number("1e999"), "i32": int32(4),
	})
	got, _ := o.Lay(deployment, object{"n": int64(7), "f": 8.0})
	assert.Equal(t, object{
		"n": int64(7), "f": 8.0, "labels": object{"a": "b"}, "list": []any{"x"}, "raw": object{"big": int64(9007199254740993)},
		"number": 1.5, "huge": json.Number("1e999"), "i32": int64(4),
	}, got, "what was written as an equal number was not written")
}

func TestAPredictionThatIsNoObjectChangesNothing(t *testing.T) {
	o := New()
	for _, after := range []any{"text", []any{object{}}, object{"f": func() {}}, object{"l": []any{make(chan int)}}} {
		err := o.Apply([]action.Change{{Target: named("a", "p"), After: object{}}, {Target: deployment, After: after}})
		assert.Equal(t, action.CodeInternal, action.CodeOf(err))
		assert.ErrorContains(t, err, "deployments/photon-compiler in photon-mlir")
		err = o.Apply([]action.Change{{Target: deployment, Before: after}})
		assert.ErrorContains(t, err, "the state before")
	}
	assert.Empty(t, o.Intended("kubernetes", "pods", ""))
}

func TestIntendedKeepsTheOrderOfTheRun(t *testing.T) {
	o := New()
	b, a, other := named("x", "b"), named("x", "a"), named("y", "c")
	apply(t, o, b, nil, object{})
	apply(t, o, other, nil, object{})
	apply(t, o, deployment, nil, object{})
	apply(t, o, a, object{}, nil)
	apply(t, o, b, object{}, nil)
	assert.Equal(t, []action.Target{b, other, a}, o.Intended("kubernetes", "pods", ""))
	assert.Equal(t, []action.Target{b, a}, o.Intended("kubernetes", "pods", "x"))
	assert.Empty(t, o.Intended("kubernetes", "nodes", ""))
	assert.Empty(t, o.Intended("s3", "pods", ""))
	o.Intended("kubernetes", "pods", "")[0] = a
	assert.Equal(t, b, o.Intended("kubernetes", "pods", "")[0])
}

func TestBranchesThatSawTheSameStateKeepEachOthersChanges(t *testing.T) {
	o := New()
	const branches = 16
	var wg sync.WaitGroup
	for i := range branches {
		wg.Go(func() {
			name := fmt.Sprint(i)
			apply(t, o, deployment, object{"spec": object{}}, object{"spec": object{name: int64(i)}})
			got, _ := o.Lay(deployment, object{"spec": object{"live": true}})
			assert.Equal(t, int64(i), got["spec"].(object)[name])
			apply(t, o, named("x", name), nil, object{})
			o.Intended("kubernetes", "pods", "x")
		})
	}
	wg.Wait()
	got, _ := o.Lay(deployment, nil)
	assert.Len(t, got["spec"], branches)
	assert.Len(t, o.Intended("kubernetes", "pods", ""), branches)
}

func TestAnUnintendedTargetCostsNoCopy(t *testing.T) {
	o := New()
	apply(t, o, deployment, nil, scaled(1, 1))
	live, target := scaled(3, 3), named("x", "p")
	assert.Zero(t, testing.AllocsPerRun(100, func() { o.Lay(target, live) }))
}

func BenchmarkLay(b *testing.B) {
	const pods = 10_000
	targets := make([]action.Target, pods)
	for i := range targets {
		targets[i] = named("photon-mlir", fmt.Sprintf("photon-compiler-%05d", i))
	}
	live := scaled(3, 3)
	some := New()
	apply(b, some, deployment, nil, live)
	for i := range 10 {
		apply(b, some, named("photon-mlir", fmt.Sprint(i)), nil, live)
	}
	for name, o := range map[string]*Overlay{"empty": New(), "some intents": some} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, t := range targets {
					o.Lay(t, live)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*pods), "ns/pod")
		})
	}
}
