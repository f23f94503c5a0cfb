package script

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// What is documented is what a script has more than Lua itself, no more and no less.
func TestTheLanguageIsDocumented(t *testing.T) {
	plain := map[string]bool{}
	bare := lua.NewState()
	defer bare.Close()
	bare.G.Global.ForEach(func(name, _ lua.LValue) { plain[name.String()] = true })
	delete(plain, "require") // ours finds other things

	f := newFixture(t)
	f.vm.enter(f.vm.state)
	defer f.vm.leave()
	f.vm.openHeader(f.vm.state)
	added := map[string]bool{}
	f.vm.state.G.Global.ForEach(func(name, _ lua.LValue) {
		if !plain[name.String()] {
			added[name.String()] = true
		}
	})
	require.NotEmpty(t, added)
	documented := Language().Names()
	slices.Sort(documented)
	assert.Equal(t, slices.Sorted(maps.Keys(added)), documented)
}
