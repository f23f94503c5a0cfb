package action

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATargetIsATextThatCanBeTyped(t *testing.T) {
	for want, target := range map[string]Target{
		"deployments/web in shop":      {System: "kubernetes", Kind: "deployments.apps", Scope: "shop", Name: "web"},
		"pods in shop":                 {System: "kubernetes", Kind: "pods", Scope: "shop"},
		"files /var/cache in rack-1":   {System: "host", Kind: "files", Scope: "rack-1", Name: "/var/cache"},
		"objects/backups/a in backups": {System: "s3", Kind: "objects", Scope: "backups", Name: "backups/a"},
		"objects /a in backups":        {System: "s3", Kind: "objects", Scope: "backups", Name: "/a"},
	} {
		require.Equal(t, want, target.String())
	}
}
