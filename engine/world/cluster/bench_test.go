package cluster

import (
	"encoding/json"
	"testing"
)

// BenchmarkWrite is a patch that changes nothing, all the way but HTTP.
func BenchmarkWrite(b *testing.B) {
	c := quiet()
	var d Object
	if err := json.Unmarshal([]byte(deployment("web", 1)), &d); err != nil {
		b.Fatal(err)
	}
	d["metadata"].(Object)["namespace"] = "default"
	if err := c.Apply(d); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := c.Patch("deployment/web", "default", Object{"metadata": Object{"annotations": Object{"a": "b"}}}); err != nil {
			b.Fatal(err)
		}
	}
}
