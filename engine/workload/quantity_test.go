package workload

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQOSClass(t *testing.T) {
	of := func(kind string, resources ...Object) Object {
		var list []any
		for _, r := range resources {
			list = append(list, Object{"resources": r})
		}
		return Object{"spec": Object{kind: list}}
	}
	whole := Object{"limits": Object{"cpu": "1", "memory": "1Gi"}, "requests": Object{"cpu": "1000m", "memory": "1024Mi"}}
	for name, c := range map[string]struct {
		pod  Object
		want string
	}{
		"says nothing":       {of("containers", Object{}, Object{}), "BestEffort"},
		"the same otherwise": {of("containers", whole), "Guaranteed"},
		"limits alone":       {of("containers", Object{"limits": whole["limits"]}), "Guaranteed"},
		"one says nothing":   {of("containers", whole, Object{}), "Burstable"},
		"asks for less":      {of("containers", Object{"limits": whole["limits"], "requests": Object{"cpu": "1"}, "x": nil}, Object{"requests": Object{"cpu": "1m"}}), "Burstable"},
		"an init container":  {of("initContainers", Object{"requests": Object{"memory": int64(4096)}}), "Burstable"},
		"quantities of zero": {of("containers", Object{"requests": Object{"cpu": "0"}}), "BestEffort"},
		"no quantity at all": {of("containers", Object{"requests": Object{"cpu": "lots"}}), "BestEffort"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, QOSClass(c.pod)) })
	}
}

func TestMerge(t *testing.T) {
	before := Object{"a": Object{"x": int64(1), "y": int64(2)}, "b": []any{int64(1)}, "c": "text"}
	patch := Object{"a": Object{"x": nil, "z": Object{"new": nil, "is": true}}, "b": []any{}, "c": Object{"k": nil}, "d": nil}
	require.Equal(t, Object{"a": Object{"y": int64(2), "z": Object{"is": true}}, "b": []any{}, "c": Object{}}, Merge(before, patch))
	require.Equal(t, Object{"x": int64(1), "y": int64(2)}, before["a"], "what is merged stays as it was")
}
