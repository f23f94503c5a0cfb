package device

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/driver"
)

// What a dry run lets pass is what the drivers declare, with the values of the inventory, on the machine on which it is declared.
func TestReads(t *testing.T) {
	s := inAWorld(t, nil)
	inventory := append(s.cfg.Inventory, driver.Device{ID: "x", Driver: "broken", On: "rack-2"}, driver.Device{ID: "y", Driver: "photon-debug", On: "rack-3"})
	reads := Reads(inventory, func(name string) (driver.Driver, error) {
		if name == "broken" {
			return nil, errors.New("broken")
		}
		return s.cfg.Driver(name)
	})
	require.Len(t, reads, 2)
	for argv, looks := range map[string]bool{
		"photon-debug --list-devices":                          true,
		"lightmatter-cli status":                               true,
		"lightmatter-cli calibrate --device envise-1 --verify": true,
		"lightmatter-cli calibrate --device envise-2 --verify": true,
		"lightmatter-cli calibrate --device envise-3 --verify": false, // not in the inventory
		"lightmatter-cli calibrate --device mit-1 --verify":    false, // another driver's
		"lightmatter-cli calibrate --device envise-1":          false,
		"lightmatter-cli reset --device envise-1":              false,
		"photon-debug --reconnect-device mit-1":                false,
		"mit-photonic-cli diagnose --verbose":                  true,
		"mit-photonic-cli diagnose":                            false,
		"tail -n 100 /var/log/device-envise-1.log":             true,
		"tail -n 7 /var/log/device-envise-1.log":               true,
		"tail -n -f /var/log/device-envise-1.log":              false,
		"tail -n 100 /etc/shadow":                              false,
		"tail -n 100 /var/log/device-envise-1.log /etc/passwd": false,
		"sh -c lightmatter-cli":                                false,
		"lightmatter-cli status --json":                        false,
		"lightmatter-cli calibrate --verify --device envise-1": false,
	} {
		require.Equal(t, looks, reads["rack-1"].Match(strings.Fields(argv)), argv)
	}
	require.True(t, reads["rack-3"].Match([]string{"photon-debug", "--list-devices"}))
	require.False(t, reads["rack-3"].Match([]string{"lightmatter-cli", "status"}), "that is another machine's")
}

// What the functions run is what the wall lets pass.
func TestLooksAreAmongTheReads(t *testing.T) {
	s := inAWorld(t, nil)
	reads := Reads(s.cfg.Inventory, s.cfg.Driver)["rack-1"]
	for _, d := range s.cfg.Inventory {
		u, err := (&binding{s.cfg}).unitOf(d)
		require.NoError(t, err)
		for _, p := range driver.Purposes {
			c, err := u.call(p, map[string]string{driver.Lines: "5"})
			if err == nil {
				require.Equal(t, !p.Changes(), reads.Match(c.argv), "%s: %q", p, c.argv)
			}
		}
	}
}
