package device_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An address that several devices share answers as long as one of them does.
func TestASharedAddressAnswersWhileAnyDeviceDoes(t *testing.T) {
	w := open(t, map[string]string{"base": rack, "one": "extends: base\ndevices:\n  envise-1: {state: offline}\n"}, "one")
	answers, known := w.Devices().Answers("127.0.0.1")
	require.True(t, known)
	require.True(t, answers)
	_, known = w.Devices().Answers("127.0.0.9")
	require.False(t, known)
	w = open(t, map[string]string{"base": rack, "all": `extends: base
devices: {envise-1: {state: offline}, envise-2: {state: offline}, mit-1: {silent: true}, mit-2: {state: offline}}
`}, "all")
	answers, known = w.Devices().Answers("127.0.0.1")
	require.True(t, known)
	require.False(t, answers)
}
