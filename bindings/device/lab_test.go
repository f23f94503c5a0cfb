//go:build lab

// Tests against real tools behind a real sshd: RUNBOOK_LAB names the folder of a running lab (examples/lab), RUNBOOK_LAB_COMMAND its command.

package device

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/command"
	"runbook/engine/command/local"
	"runbook/engine/command/ssh"
	"runbook/engine/machine"
	"runbook/engine/world/scenario"
)

// TestLabConformance holds the lab's rack to the table, and leaves its devices as they were.
func TestLabConformance(t *testing.T) {
	lab := os.Getenv("RUNBOOK_LAB")
	require.NotEmpty(t, lab)
	before := labStates(t, lab)
	t.Cleanup(func() { setDevices(t, lab, before) })
	host := ssh.New(ssh.Config{Name: "rack-1", Destination: "rack-1", ConfigFile: filepath.Join(lab, "ssh_config")})
	t.Cleanup(func() { require.NoError(t, host.Close()) })
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			states := map[string]string{}
			for id, state := range asItBegins {
				states[id] = state
				if c.set[id] != "" {
					states[id] = c.set[id]
				}
			}
			setDevices(t, lab, states)
			c.run(t, inTheLab(t, lab, host))
		})
	}
}

func inTheLab(t *testing.T, lab string, host *ssh.Host) site {
	s, err := scenario.Shelves{Tool: simulatedTool}.Inline([]byte(rack), "the rack")
	require.NoError(t, err)
	inventory := s.Inventory()
	for i := range inventory {
		inventory[i].Log = filepath.Join(lab, "data", "rack", "log", "device-"+inventory[i].ID+".log")
	}
	machines := machine.Set[command.Runner]{Local: local.Machine{}, Hosts: map[string]command.Runner{"rack-1": host.Machine()}}
	out := site{cfg: Config{Inventory: inventory, Driver: shelf(t), Pingers: pingers(machines, Network{}, host), Machines: machines}, ctx: t.Context()}
	out.pass = func(t *testing.T) {
		require.Eventually(t, func() bool {
			for _, row := range out.read(t, "list").([]any) {
				if row.(map[string]any)["state"] == "resetting" {
					return false
				}
			}
			return true
		}, 20*time.Second, 200*time.Millisecond)
	}
	return out
}

// labStates are the states of the lab's devices, as its command has them.
func labStates(t *testing.T, lab string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(lab, "data", "rack", "devices.json"))
	require.NoError(t, err)
	var devices map[string]struct {
		Status    string `json:"status"`
		Behaviour struct {
			HardwareFault bool `json:"hardware_fault"`
			Hangs         bool `json:"hangs"`
			Garbled       bool `json:"garbled"`
		} `json:"behaviour"`
	}
	require.NoError(t, json.Unmarshal(text, &devices))
	out := map[string]string{}
	for id, d := range devices {
		switch out[id] = d.Status; {
		case d.Behaviour.Hangs:
			out[id] = "hung"
		case d.Behaviour.Garbled:
			out[id] = "garbled"
		case d.Behaviour.HardwareFault:
			out[id] = "broken"
		case d.Status == "resetting":
			out[id] = "online"
		}
	}
	return out
}

func setDevices(t *testing.T, lab string, states map[string]string) {
	t.Helper()
	for id, state := range states {
		out, err := exec.Command(os.Getenv("RUNBOOK_LAB_COMMAND"), "device", "--dir", lab, id, state).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}
