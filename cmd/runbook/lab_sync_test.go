//go:build lab

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskeys "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
)

// storeSite is a site file for the lab's machines and its object store, as one of the people whom the store knows.
func (l lab) storeSite(t *testing.T, profile string) string {
	t.Helper()
	for name, file := range map[string]string{"AWS_CONFIG_FILE": "aws-config", "AWS_SHARED_CREDENTIALS_FILE": "aws-credentials"} {
		t.Setenv(name, filepath.Join(l.folder, "config", file))
	}
	path := l.hostsSite(t)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(text, "s3: {profile: %s, endpoint: %q, path_style: true}\n", profile, l.storeAddress(t)), 0o600))
	return path
}

func (l lab) storeAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("http://127.0.0.1:%d", l.ports(t)["versitygw"])
}

// bucket makes a bucket for a test, and removes it with what is in it.
func (l lab) bucket(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.folder, "config", "aws-credentials"))
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)\[lab-admin\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)`).FindSubmatch(text)
	require.Len(t, found, 3)
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(l.storeAddress(t)), Region: "us-east-1", UsePathStyle: true,
		Credentials: awskeys.NewStaticCredentialsProvider(string(found[1]), string(found[2]), ""),
	})
	name := fmt.Sprintf("runbook-sync-%d", time.Now().UnixMilli())
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	require.NoError(t, err)
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		listed, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &name})
		require.NoError(t, err)
		for _, o := range listed.Contents {
			_, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: o.Key})
			require.NoError(t, err)
		}
		_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
		require.NoError(t, err)
	})
	return name
}

// filesBelow are the files below a folder, with what is in them.
func filesBelow(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		out[rel] = string(text)
		return err
	}))
	return out
}

// A backup goes to a machine behind ssh, into a pod and to this machine, and back, and is the same everywhere. A dry run says how much, and
// only looks. (Both machines of the lab are this one, so what is there can be looked at.)
func TestLabSync(t *testing.T) {
	l := openLab(t)
	here := t.TempDir()
	l.storeSite(t, "lab-oncall") // where the AWS files are
	run := l.run(t, "testdata/lab/sync.lua", "--site", filepath.Join(l.folder, "runbook.yaml"), "--yes", "-p", "on=localhost", "-p", "folder="+here)
	require.Zero(t, run.exit, run.text)
	require.Contains(t, run.text, "s3 "+l.storeAddress(t)+" as lab-oncall", "the lab's own site file says so")
	want := filesBelow(t, here+"/a")
	require.Greater(t, len(want), 30)
	for _, on := range []string{"rack-1", "compiler"} {
		t.Run(on, func(t *testing.T) {
			bucket, folder := l.bucket(t), t.TempDir()
			args := []string{"testdata/lab/sync.lua", "--site", l.storeSite(t, "lab-admin"), "-p", "on=" + on, "-p", "folder=" + folder, "-p", "bucket=" + bucket}
			dry := l.run(t, append(args, "--dry-run")...)
			require.Zero(t, dry.exit, dry.text)
			left, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.Empty(t, left)
			run := l.run(t, append(args, "--yes")...)
			require.Zero(t, run.exit, run.text)
			require.Equal(t, dry.intents(), run.intents())
			for _, text := range []string{dry.text, run.text} {
				for _, said := range []string{
					fmt.Sprintf("down: %d copied, 0 unverified", len(want)), fmt.Sprintf("again: 0 copied, 0 removed, %d unchanged", len(want)), "there: as many",
					fmt.Sprintf("up: %d copied", len(want)), fmt.Sprintf("back: %d copied, 0 unverified", len(want)),
				} {
					require.Contains(t, text, said)
				}
			}
			require.Equal(t, want, filesBelow(t, folder+"/a"))
			require.Equal(t, want, filesBelow(t, folder+"/b"))
		})
	}
}
