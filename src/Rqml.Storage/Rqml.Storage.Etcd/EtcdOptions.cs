namespace Rqml.Storage.Etcd;

/// <summary>Where etcd is, how both sides know each other, and how long answers are waited for.</summary>
public sealed class EtcdOptions
{
    /// <summary>The members' client addresses, separated by commas: <c>https://a:2379,https://b:2379</c>. Where one does not answer the next is asked.</summary>
    /// <value>Default <c>http://127.0.0.1:2379</c>. 1 to 16 addresses <c>http://host:port</c> or all <c>https://host:port</c>.</value>
    public string Endpoints { get; set; } = "http://127.0.0.1:2379";

    /// <summary>Allows <c>http</c> to other machines: whoever is on the way can read and change what the cluster agrees on, and read the password.</summary>
    /// <value>Default false: then an <c>http</c> address beyond loopback is a fault at start.</value>
    public bool AllowPlaintext { get; set; }

    /// <summary>PEM file with the authorities that may have signed the servers' certificates. Read once, at the start.</summary>
    /// <value>Default null: those that the machine trusts.</value>
    public string? CertificateAuthorityPath { get; set; }

    /// <summary>PEM file with the certificate that this client shows, with its chain if it has one. Read once, at the start.</summary>
    /// <value>Default null: none is shown. Goes with <see cref="ClientKeyPath"/>.</value>
    public string? ClientCertificatePath { get; set; }

    /// <summary>PEM file with the private key of the client's certificate, not encrypted.</summary>
    /// <value>Default null. Goes with <see cref="ClientCertificatePath"/>.</value>
    public string? ClientKeyPath { get; set; }

    /// <summary>Name of the user of etcd.</summary>
    /// <value>Default null: nobody logs in. Goes with <see cref="Password"/>.</value>
    public string? UserName { get; set; }

    /// <summary>The user's password. Never written to a log or into an error.</summary>
    /// <value>Default null. Goes with <see cref="UserName"/>.</value>
    public string? Password { get; set; }

    /// <summary>How long to wait for a connection before the next endpoint is tried.</summary>
    /// <value>Default 2 s. From 100 ms to 1 min.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for an answer of one endpoint. After that it is not known whether a change was made, and reads go to the next endpoint.</summary>
    /// <value>Default 5 s. From 100 ms to 1 min.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long a watch is begun anew from a read, whatever it has heard.</summary>
    internal TimeSpan RelistEvery { get; set; } = TimeSpan.FromSeconds(60);
}
