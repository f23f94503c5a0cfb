//go:build unix

package ssh

import (
	"os"
	"sync"
	"testing"
	"time"

	"runbook/engine/command"
	"runbook/engine/command/ssh/sshtest"
)

// Two hundred devices behind one host, each asked by a tool that takes a tenth of a second: how much longer than one. RUNBOOK_LAB_RACK is
// a configuration of ssh that knows another host than a server of the test's own, as that of the lab does, and its name.
func BenchmarkTwoHundredAtOnce(b *testing.B) {
	config, name := os.Getenv("RUNBOOK_LAB_RACK"), "rack-1"
	if config == "" {
		config, name = sshtest.New(b).Config, sshtest.Alias
	}
	h := New(Config{Name: "rack-1", Destination: name, ConfigFile: config})
	defer h.Close() //nolint:errcheck // it is over
	tool := func() {
		code, err := h.Machine().Run(b.Context(), []string{"sleep", "0.1"}, command.Streams{})
		if err != nil || code != 0 {
			b.Errorf("ended with %d: %v", code, err)
		}
	}
	began := time.Now()
	tool()
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-first")
	var one, all time.Duration
	for b.Loop() {
		began := time.Now()
		tool()
		one += time.Since(began)
		var together sync.WaitGroup
		began = time.Now()
		for range 200 {
			together.Go(tool)
		}
		together.Wait()
		all += time.Since(began)
	}
	b.ReportMetric(float64(one.Milliseconds())/float64(b.N), "ms-one")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "ms-200")
	b.ReportMetric(float64(all)/float64(one), "x-one")
}
