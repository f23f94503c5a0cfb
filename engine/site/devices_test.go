package site

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/driver"
)

func TestInventory(t *testing.T) {
	s, err := Parse([]byte(`
hosts: {rack-1: {ssh: rack-1}}
devices:
  mit-1: {driver: mit-silicon-photonics, on: rack-1, called: "7", with: {slot: "3"}}
  envise-1:
    driver: lightmatter-envise
    address: 10.0.0.1
    log: /var/log/a.log
    vendor: {name: Lightmatter, contact: support@lightmatter.example}
`))
	require.NoError(t, err)
	require.Equal(t, []driver.Device{
		{ID: "envise-1", Driver: "lightmatter-envise", On: "localhost", Address: "10.0.0.1", Log: "/var/log/a.log", Vendor: driver.Vendor{Name: "Lightmatter", Contact: "support@lightmatter.example"}},
		{ID: "mit-1", Driver: "mit-silicon-photonics", On: "rack-1", Called: "7", With: map[string]string{"slot": "3"}},
	}, Inventory(s.Devices))
}

func TestDevicesThatMakeNoSense(t *testing.T) {
	for text, message := range map[string]string{
		"devices:\n  a: {}\n":                                                 `line 2: devices.a.driver: which driver knows its tool? runbook docs driver lists them`,
		"devices:\n  a b: {driver: x}\n":                                      `line 2: devices.a b: an id has neither a space nor a slash in it`,
		"devices:\n  -a: {driver: x}\n":                                       `line 2: devices.-a: "-a" begins with a dash: it would be taken for an option`,
		"devices:\n  a:\n    driver: x\n    log: var/log\n":                   `line 4: devices.a.log: the path of a log begins with a slash`,
		"devices:\n  a:\n    driver: x\n    called: -rf\n":                    `line 4: devices.a.called: "-rf" begins with a dash: it would be taken for an option`,
		"devices:\n  a:\n    driver: x\n    with:\n      slot: \"*\"\n":       `line 5: devices.a.with: slot: "*" would stand for anything`,
		"devices:\n  a:\n    driver: x\n    addrss: y\n":                      `line 4: there is no field "addrss" here; did you mean "address"?`,
		"devices:\n  a:\n    driver: x\n    vendor: {contct: y}\n":            `line 4: there is no field "contct" here; did you mean "contact"?`,
		"devices:\n  a:\n    driver: x\n    address: \"a\\nb\"\n":             `line 4: devices.a.address: "a\nb" has a character that is none of a text`,
		"hosts: {rack-1: {ssh: x}}\ndevices:\n  a: {driver: x, on: rack-2}\n": `line 3: devices.a.on: the site has no host "rack-2"; did you mean "rack-1"?`,
	} {
		_, err := Parse([]byte(text))
		require.EqualError(t, err, message)
	}
}
