# SPDX-License-Identifier: BSD-2-Clause
"""The keys and certificates of one cluster, and who may use them."""

import base64
import pathlib
import subprocess

SERVER = "https://10.96.0.1:443"


def openssl(*words, **options):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **options).stdout


class Pki:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True)
        self.key("ca")
        openssl("req", "-x509", "-new", "-key", self.path("ca.key"), "-days", "2", "-subj", "/CN=test-ca",
                "-out", self.path("ca.crt"), "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")

    def path(self, name):
        return str(self.dir / name)

    def key(self, name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path(f"{name}.key"))
        openssl("ec", "-in", self.path(f"{name}.key"), "-pubout", "-out", self.path(f"{name}.pub"))

    def certificate(self, name, subject, usage, names=""):
        """NAME.key and NAME.crt, signed by the cluster's authority."""
        self.key(name)
        request = openssl("req", "-new", "-key", self.path(f"{name}.key"), "-subj", subject)
        extensions = f"keyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\n"
        if names:
            extensions += f"subjectAltName={names}\n"
        (self.dir / f"{name}.ext").write_text(extensions)
        openssl("x509", "-req", "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-CAcreateserial",
                "-days", "2", "-out", self.path(f"{name}.crt"), "-extfile", self.path(f"{name}.ext"), input=request)

    def kubeconfig(self, name, subject):
        """A file with everything in it that somebody called SUBJECT needs to talk to the API server."""
        self.certificate(name, subject, "clientAuth")

        def data(file):
            return base64.b64encode((self.dir / file).read_bytes()).decode()

        path = self.dir / f"{name}.kubeconfig"
        path.write_text(f"""apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: "{SERVER}", certificate-authority-data: {data("ca.crt")}}}}}]
users: [{{name: test, user: {{client-certificate-data: {data(name + ".crt")}, client-key-data: {data(name + ".key")}}}}}]
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
""")
        return str(path)
