package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command/shell"
	"runbook/engine/site"
)

// What a driver says that only looks passes both walls of a dry run where the tool is in a pod: that of the machine, and that under the
// client by which the pod is reached. What changes a device passes neither.
func TestADryRunLooksAtADeviceWhoseToolIsInAPod(t *testing.T) {
	at := liveSite{
		metricsOf: &metricsFlags{}, drivers: driverShelves(),
		hosts: &liveHosts{named: map[string]site.Host{"toolbox": {Pod: "pod/toolbox"}}},
		file:  &site.Site{Devices: map[string]site.Device{"envise-1": {Driver: "lightmatter-envise", On: "toolbox", Log: "/var/log/envise-1.log"}}},
	}
	second := secondWalls(t.Context(), at)
	exec := func(argv ...string) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://cluster/api/v1/namespaces/tools/pods/toolbox/exec?"+
			url.Values{"command": shell.Words(shell.Run, argv...), "stdin": {"true"}, "stdout": {"true"}, "stderr": {"true"}}.Encode(), http.NoBody)
		require.NoError(t, err)
		return second.cluster.Check(r, nil)
	}
	for _, argv := range [][]string{
		{"photon-debug", "--list-devices"}, {"lightmatter-cli", "status"}, {"lightmatter-cli", "calibrate", "--device", "envise-1", "--verify"},
		{"tail", "-n", "20", "/var/log/envise-1.log"},
	} {
		require.NoError(t, exec(argv...))
	}
	for _, argv := range [][]string{
		{"lightmatter-cli", "reset", "--device", "envise-1"}, {"lightmatter-cli", "calibrate", "--device", "envise-1"},
		{"lightmatter-cli", "calibrate", "--device", "envise-2", "--verify"}, {"tail", "-n", "20", "/etc/shadow"},
	} {
		require.Equal(t, action.CodeRefused, action.CodeOf(exec(argv...)), argv)
	}
}
