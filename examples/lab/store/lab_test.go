//go:build lab

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/supervisor"
)

// lab is the lab that run-tests started.
func lab() layout.Dir { return layout.Dir(os.Getenv("RUNBOOK_LAB")) }

// as returns a client that is set up as anybody's would be, by the lab's AWS files alone.
func as(t *testing.T, profile string) *s3.Client {
	t.Helper()
	loaded, err := config.LoadDefaultConfig(t.Context(),
		config.WithSharedCredentialsFiles([]string{lab().AWSCredentials()}),
		config.WithSharedConfigFiles([]string{lab().AWSConfig()}),
		config.WithSharedConfigProfile(profile))
	if err != nil {
		t.Fatal(err)
	}
	return s3.NewFromConfig(loaded)
}

// prefix is the folder of a day's backup in the running lab.
func prefix(t *testing.T, daysAgo int) string {
	t.Helper()
	state, err := supervisor.ReadState(lab())
	if err != nil {
		t.Fatal(err)
	}
	return Prefix(state.Started, daysAgo)
}

func TestLabBucketHoldsWhatIsPlanned(t *testing.T) {
	client, bucket, folder := as(t, OncallProfile), Bucket, prefix(t, DamagedDaysAgo)
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &folder})
	var objects []Object
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, listed := range page.Contents {
			answer, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: listed.Key})
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, Object{Key: *listed.Key, Content: content})
		}
	}
	if findings := verify(objects, folder); len(findings) != 2 {
		t.Errorf("found %q, want one altered and one missing file", findings)
	}
}

func TestLabStoreRefusesWhoMayNot(t *testing.T) {
	bucket, key := Bucket, "not-wanted"
	put := func(client *s3.Client) error {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
		return err
	}
	remove := func(client *s3.Client) error {
		index := prefix(t, 1) + "index.json"
		_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &index})
		return err
	}
	endpoint := *as(t, OncallProfile).Options().BaseEndpoint
	known, err := as(t, OncallProfile).Options().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		client *s3.Client
		do     func(*s3.Client) error
		want   string
	}{
		{"oncall puts", as(t, OncallProfile), put, "AccessDenied"},
		{"oncall deletes", as(t, OncallProfile), remove, "AccessDenied"},
		{"a wrong secret", newClient(endpoint, user{known.AccessKeyID, "wrong"}), put, "SignatureDoesNotMatch"},
		{"nobody's key", newClient(endpoint, newUser("LABNOBODY")), put, "InvalidAccessKeyId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var refusal smithy.APIError
			if err := c.do(c.client); !errors.As(err, &refusal) || refusal.ErrorCode() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestLabAccessLogHoldsARequestOnceItIsAnswered(t *testing.T) {
	client, bucket, key := as(t, AdminProfile), Bucket, "log test/a+b.txt"
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(lab().StoreLog())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := client.Options().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"s3_PutObject", "s3_DeleteObject"} {
		var found bool
		for line := range strings.Lines(string(log)) {
			found = found || strings.Contains(line, " "+Bucket+" ") && strings.Contains(line, " "+keys.AccessKeyID+" ") &&
				strings.Contains(line, fmt.Sprintf(" %s %s ", operation, key))
		}
		if !found {
			t.Errorf("the access log does not say that %s did %s on %s", keys.AccessKeyID, operation, key)
		}
	}
}
