package drivers

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/driver"
)

// driverText is a driver with a command for each purpose, whose parse says whose it is.
func driverText(name, base string, purposes ...driver.Purpose) string {
	text := `return driver { summary = "` + name + `", formats = "x", commands = {`
	for _, p := range purposes {
		if p.Changes() {
			text += string(p) + ` = { argv = { "` + name + `", "{id}" }, risk = "routine", expects = "online" },`
			continue
		}
		text += string(p) + ` = { argv = { "` + name + `" }, reads = true, parse = function() return { devices = { { id = "a", said = "` + name + `" } } } end },`
	}
	text += "}"
	if base != "" {
		text += `, base = "` + base + `"`
	}
	return text + " }"
}

func place(origin string, files map[string]string) catalog.Place {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return catalog.Place{Origin: origin, Path: "/" + origin, Files: out}
}

func TestADriverHasTheRestFromItsBase(t *testing.T) {
	s := New(catalog.Catalog{place("shipped", map[string]string{
		"vendor/vendor.lua":   driverText("vendor", "middle", driver.Reset, driver.Status),
		"middle/middle.lua":   driverText("middle", "generic", driver.Status, driver.Diagnose),
		"generic/generic.lua": driverText("generic", "", driver.List, driver.Status, driver.Reconnect),
	})}, nil)
	d, err := s.Load(t.Context(), "vendor")
	require.NoError(t, err)
	from := map[driver.Purpose]string{}
	var order []driver.Purpose
	for _, c := range d.About().Commands {
		from[c.Purpose] = c.From
		order = append(order, c.Purpose)
	}
	require.Equal(t, map[driver.Purpose]string{
		driver.List: "generic", driver.Status: "vendor", driver.Reconnect: "generic", driver.Reset: "vendor", driver.Diagnose: "middle",
	}, from)
	require.Equal(t, []driver.Purpose{driver.List, driver.Status, driver.Reconnect, driver.Reset, driver.Diagnose}, order)
	for p, name := range map[driver.Purpose]string{driver.List: "generic", driver.Status: "vendor", driver.Diagnose: "middle"} {
		require.Equal(t, name, d.Read(t.Context(), p, driver.Said{}).Devices[0].Said, "whose command it is reads it")
	}
	again, err := s.Load(t.Context(), "vendor")
	require.NoError(t, err)
	require.Equal(t, d, again)
}

func TestTheNearestDriverIsMeant(t *testing.T) {
	s := New(catalog.Catalog{
		place("shipped", map[string]string{"vendor/vendor.lua": driverText("shipped", "", driver.Status), "vendor/simulated.yaml": "base: x"}),
		place("user", map[string]string{"vendor/vendor.lua": driverText("mine", "", driver.Status)}),
		place("project", map[string]string{"other/other.lua": driverText("other", "", driver.Status)}),
	}, nil)
	d, err := s.Load(t.Context(), "vendor")
	require.NoError(t, err)
	require.Equal(t, "mine", d.About().Summary)
	require.Equal(t, "/user/vendor/vendor.lua", d.About().Path)
	text, where, err := s.Beside("vendor", "simulated.yaml")
	require.NoError(t, err, "who copies a script to change it has the rest with it")
	require.Equal(t, "base: x", string(text))
	require.Equal(t, "shipped /shipped/vendor/simulated.yaml", where, "as of any file that is inherited")
	_, _, err = s.Beside("other", "simulated.yaml")
	require.EqualError(t, err, "the driver other has no file simulated.yaml beside /project/other/other.lua")
	names, err := s.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"other", "vendor"}, names)
}

func TestDriversThatCannotBeUsed(t *testing.T) {
	s := New(catalog.Catalog{place("user", map[string]string{
		"a/a.lua": driverText("a", "b", driver.Status), "b/b.lua": driverText("b", "a", driver.Status),
		"lonely/lonely.lua":   driverText("lonely", "nobody", driver.Status),
		"broken/broken.lua":   "return driver {\n  summary = 5,\n}",
		"above/above.lua":     driverText("above", "broken", driver.Status),
		"folder/folder.lua/x": "",
	})}, nil)
	for name, message := range map[string]string{
		"a":      "the driver a is based on b: the driver b is based on a: the driver a is based on itself: a → b → a",
		"lonely": `the driver lonely is based on nobody: there is no driver "nobody" of devices; there is a, above, b, broken, folder, lonely`,
		"brokn":  `there is no driver "brokn" of devices; did you mean "broken"?`,
		"broken": "the driver broken cannot be used: /user/broken/broken.lua:2: driver: summary must be a string, not the number 5",
		"above":  "the driver above is based on broken: the driver broken cannot be used: /user/broken/broken.lua:2: driver: summary must be a string, not the number 5",
		"folder": "cannot read /user/folder/folder.lua",
		"../a":   `there is no driver "../a" of devices`,
	} {
		_, err := s.Load(t.Context(), name)
		require.ErrorContains(t, err, message, name)
		require.Contains(t, []action.Code{action.CodeInvalid, action.CodeNotFound}, action.CodeOf(err))
	}
}

// What the shipped tools are simulated by is of the same commands as the drivers have, and of the same base.
func TestSimulatedToolsAreThoseOfTheDrivers(t *testing.T) {
	shelf := shipped()
	names, err := shelf.Names()
	require.NoError(t, err)
	for _, name := range names {
		d, err := shelf.Load(t.Context(), name)
		require.NoError(t, err)
		text, _, err := shelf.Beside(name, "simulated.yaml")
		require.NoError(t, err)
		if base := d.About().Base; base != "" {
			require.Contains(t, string(text), "base: "+base+"\n")
		}
		for _, c := range d.About().Commands {
			if c.From == name {
				require.Contains(t, string(text), strings.Join(c.Argv[:2], ", "), "%s", c.Purpose)
			}
		}
		_, err = fs.Stat(shelf.places[0].Files, name+"/transcripts")
		require.NoError(t, err, "a shipped driver shows what it was written after")
	}
}
