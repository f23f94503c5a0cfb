// Package store is the object store of the site: versitygw, an S3 server that keeps its objects as files, with a week of
// backups in it.
//
// It never listens beyond loopback, and no key of an earlier lab opens it. What it was asked is in its access log, one line
// for each request, its own filling among them, which is signed by a user that nobody else is.
//
// Read next: backups.go, what is in the bucket; users.go, who may touch it; fill.go.
package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/examples/lab/build"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/supervisor"
)

// Port is the name of the port on which the store answers, in plain HTTP.
const Port = build.Store

// Region is what clients sign for.
const Region = "us-east-1"

// Store is the object store as a part of a lab.
type Store struct{}

// Ports has the store's only port.
func (Store) Ports() []string { return []string{Port} }

// Prepare makes the folders of the objects, of what is known about them, and of the users.
func (Store) Prepare(stage *supervisor.Stage) error {
	for _, folder := range []string{objects(stage.Dir), metadata(stage.Dir), userFolder(stage.Dir)} {
		if err := os.MkdirAll(folder, layout.FolderMode); err != nil {
			return fmt.Errorf("make the object store's folders: %w", err)
		}
	}
	return nil
}

// Start makes the users, brings the server up and fills it.
func (Store) Start(ctx context.Context, stage *supervisor.Stage) error {
	users := newUsers()
	if err := users.write(stage.Dir, endpoint(stage)); err != nil {
		return err
	}
	if err := stage.Launch(ctx, Store{}, server(stage)); err != nil {
		return err
	}
	client := newClient(endpoint(stage), users.stagehand)
	return stage.Watch(ctx, func(ctx context.Context) error {
		return fill(ctx, client, users.oncall, Objects(stage.Now))
	})
}

// server is versitygw's command line. The keys of its root user are in its environment, where ps does not show them.
func server(stage *supervisor.Stage) process.Command {
	command := stage.Command(build.Store,
		"--port="+stage.Address(Port),
		"--region="+Region,
		"--iam-dir="+userFolder(stage.Dir),
		"--access-log="+stage.Dir.StoreLog(),
		"--admin-access-log="+stage.Dir.Log(build.Store+"-admin"), // what its own interface was asked, where users are made
		"--quiet", // the logs say more
		"posix",
		// Not every file system has extended attributes, and without metadata there are no uploads in parts.
		"--sidecar="+metadata(stage.Dir),
		objects(stage.Dir),
	)
	command.Env = environment(stage.Dir)
	return command
}

// Ready asks with a signed request, which another server on that port would refuse.
func (Store) Ready(stage *supervisor.Stage, server string) (supervisor.Ready, error) {
	if server != build.Store {
		return nil, nil
	}
	root, err := rootOf(stage.Dir)
	if err != nil {
		return nil, err
	}
	client := newClient(endpoint(stage), root)
	return func(ctx context.Context) error {
		// Asking again is up to who waits.
		_, err := client.ListBuckets(ctx, nil, func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
		return err
	}, nil
}

func newClient(endpoint string, who user) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint,
		Region:       Region,
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(who.access, who.secret, ""),
	})
}

func endpoint(stage *supervisor.Stage) string { return "http://" + stage.Address(Port) }

func objects(dir layout.Dir) string    { return filepath.Join(dir.Data(build.Store), "objects") }
func metadata(dir layout.Dir) string   { return filepath.Join(dir.Data(build.Store), "metadata") }
func userFolder(dir layout.Dir) string { return filepath.Join(dir.Data(build.Store), "users") }
