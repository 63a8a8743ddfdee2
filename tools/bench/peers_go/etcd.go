// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

const etcdKey = "/bench/w0"

type etcd struct {
	client *clientv3.Client
	value  string
}

func dialEtcd(t *task) (*etcd, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{t.target},
		DialTimeout: 5 * time.Second,
		Logger:      zap.NewNop(),
	})
	if err != nil {
		return nil, err
	}
	return &etcd{client, t.value}, nil
}

func openEtcd(t *task) (session, error) { return dialEtcd(t) }

func (e *etcd) get() (*clientv3.GetResponse, error) {
	reply, err := e.client.Get(context.Background(), etcdKey)
	if err != nil {
		return nil, err
	}
	if len(reply.Kvs) != 1 || string(reply.Kvs[0].Value) != e.value {
		return nil, fmt.Errorf("another value came back")
	}
	return reply, nil
}

func (e *etcd) ask() error {
	_, err := e.get()
	return err
}

func (e *etcd) close() { e.client.Close() }

func keepEtcd(t *task) ([]byte, error) {
	e, err := dialEtcd(t)
	if err != nil {
		return nil, err
	}
	defer e.close()
	within, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := e.client.Put(within, etcdKey, t.value); err != nil {
		return nil, err
	}
	reply, err := e.get()
	if err != nil {
		return nil, err
	}
	return proto.Marshal((*pb.RangeResponse)(reply))
}
