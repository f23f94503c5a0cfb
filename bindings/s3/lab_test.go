//go:build lab

package s3

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/local"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// labConfig asks the lab's versitygw as a profile of the lab's AWS files.
func labConfig(t *testing.T, profile string) Config {
	lab := os.Getenv("RUNBOOK_LAB")
	require.NotEmpty(t, lab, "RUNBOOK_LAB names the folder of a running lab")
	for name, file := range map[string]string{"AWS_CONFIG_FILE": "aws-config", "AWS_SHARED_CREDENTIALS_FILE": "aws-credentials"} {
		t.Setenv(name, filepath.Join(lab, "config", file))
	}
	return Config{
		Access: func() Access { return Access{Profile: profile} }, Machines: machine.Set[files.System]{Local: local.New()},
		WrapTransport: closing(t), UserAgent: "runbook/test LAB",
	}
}

// The same table is gone through with the lab's versitygw. Where the two differ, the simulated store is wrong.
func TestLabConformance(t *testing.T) {
	var cfg Config
	conform(t, func(t *testing.T, _ string) *driver {
		cfg = labConfig(t, "lab-admin")
		return &driver{T: t, m: New(cfg), sent: &log{}, cfg: openlyOf(cfg)}
	}, func() (*s3.Client, error) {
		l, err := openlyOf(cfg).connect()
		if err != nil {
			return nil, err
		}
		return l.client, nil
	})
}

func openlyOf(cfg Config) Config {
	cfg.Secrets = module.Openly{}
	return cfg
}

// Who may only read is refused what changes something, and told what is missing.
func TestLabRights(t *testing.T) {
	d := &driver{T: t, m: New(labConfig(t, "lab-oncall")), sent: &log{}}
	listed := d.read("list", "s3://photon-mlir-backups/", opts("limit", 1.0)).([]any)
	require.Len(t, listed, 1)
	uri := textOf(listed[0].(object), fieldURI)
	require.NotNil(t, d.read("head", uri))
	for _, values := range [][]any{{"put", "s3://photon-mlir-backups/runbook-test", "x"}, {"delete", uri}} {
		_, err := d.try(values[0].(string), values[1:]...)
		e := d.fails(err)
		require.Equal(t, action.CodeForbidden, e.Code, e.Message)
		require.Contains(t, e.Hint, "the profile lab-oncall needs the permission s3:")
	}
	require.NotNil(t, d.read("head", uri), "it is there still")
}
