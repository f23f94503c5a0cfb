//go:build lab

package s3

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
)

// The same table is asked of the lab's versitygw. Where the two differ, the simulated store is wrong.
func TestLabConformance(t *testing.T) {
	lab := os.Getenv("RUNBOOK_LAB")
	require.NotEmpty(t, lab, "RUNBOOK_LAB names the folder of a running lab")
	config, keys := contentOf(t, lab, "aws-config"), contentOf(t, lab, "aws-credentials")
	endpoint := regexp.MustCompile(`(?m)^endpoint_url = (.*)$`).FindStringSubmatch(config)
	found := regexp.MustCompile(`(?s)\[lab-admin\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)`).FindStringSubmatch(keys)
	require.Len(t, endpoint, 2)
	require.Len(t, found, 3)
	conform(t, func(t *testing.T, bucket string) *peer {
		return newPeer(t, endpoint[1], Region, aws.Credentials{AccessKeyID: found[1], SecretAccessKey: found[2]}, bucket)
	})
}

func contentOf(t *testing.T, lab, name string) string {
	text, err := os.ReadFile(filepath.Join(lab, "config", name))
	require.NoError(t, err)
	return string(text)
}
