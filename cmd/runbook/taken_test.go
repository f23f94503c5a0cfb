package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A run is taken up as who it was, unless the command line says otherwise.
func TestTheClusterOfARunIsTakenWhole(t *testing.T) {
	was := map[string]string{"context": "prod", "namespace": "shop", "as": "ana", "as_groups": "ops,dev"}
	c := newClusterFlags()
	c.restore(was)
	require.Equal(t, []string{"prod", "shop", "ana"}, []string{*c.Context, *c.Namespace, *c.Impersonate})
	require.Equal(t, []string{"ops", "dev"}, *c.ImpersonateGroup)
	c = newClusterFlags()
	*c.Namespace, *c.ImpersonateGroup = "other", []string{"audit"}
	c.restore(was)
	require.Equal(t, []string{"prod", "other", "ana"}, []string{*c.Context, *c.Namespace, *c.Impersonate})
	require.Equal(t, []string{"audit"}, *c.ImpersonateGroup)
}
