using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Reads;
using Rqml.Storage.Etcd.Tests.Protocol;

namespace Rqml.Storage.Etcd.Tests.Servers;

/// <summary>Whoever runs the servers: does to them what nodes never do.</summary>
internal sealed class Operator : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly X509Certificate2? _certificate;
    private readonly Metadata _token = [];

    public Operator(EtcdServers servers)
    {
        var handler = new SocketsHttpHandler();
        if (servers.Certificates is { } certificates)
        {
            _certificate = X509Certificate2.CreateFromPemFile(certificates.Client, certificates.ClientKey);
            handler.SslOptions.ClientCertificates = [_certificate];
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(certificates.Authority);
        }

        _channel = GrpcChannel.ForAddress(servers.Address(servers.Ports[0]), new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private Auth.AuthClient Users => new(_channel);

    /// <summary>A user who may read and write below a prefix, and nothing else; from then on nobody does anything unknown.</summary>
    public async Task KnowUserAsync(string name, string password, string prefix)
    {
        await Users.UserAddAsync(new UserAddRequest { Name = "root", Password = "the root's" });
        await Users.RoleAddAsync(new RoleAddRequest { Name = "root" });
        await Users.UserGrantRoleAsync(new UserGrantRoleRequest { User = "root", Role = "root" });
        await AddUserAsync(name, password, prefix);
        await Users.AuthEnableAsync(new Nothing());
        var login = await new Rqml.Storage.Etcd.Protocol.Auth.AuthClient(_channel).AuthenticateAsync(new Rqml.Storage.Etcd.Protocol.AuthenticateRequest { Name = "root", Password = "the root's" });
        _token.Add("token", login.Token);
    }

    public async Task AddUserAsync(string name, string password, string prefix)
    {
        var range = KeyRange.OfPrefix(prefix);
        await Users.UserAddAsync(new UserAddRequest { Name = name, Password = password }, _token);
        await Users.RoleAddAsync(new RoleAddRequest { Name = name }, _token);
        await Users.RoleGrantPermissionAsync(new RoleGrantPermissionRequest { Name = name, Permission = new Permission { Type = 2, Key = range.First, RangeEnd = range.End } }, _token);
        await Users.UserGrantRoleAsync(new UserGrantRoleRequest { User = name, Role = name }, _token);
    }

    /// <summary>Ends every session of that user.</summary>
    public async Task ChangePasswordAsync(string name, string password) => await Users.UserChangePasswordAsync(new UserAddRequest { Name = name, Password = password }, _token);

    public async Task CompactAsync(long revision) => await new KV.KVClient(_channel).CompactAsync(new CompactionRequest { Revision = revision, Physical = true }, _token);

    /// <summary>After there is room again.</summary>
    public async Task EndAlarmAsync()
    {
        var maintenance = new Maintenance.MaintenanceClient(_channel);
        await maintenance.DefragmentAsync(new Nothing());
        var answer = await new Rqml.Storage.Etcd.Protocol.KV.KVClient(_channel).RangeAsync(new Rqml.Storage.Etcd.Protocol.RangeRequest { Key = KeyRange.Bytes("/"), CountOnly = true });
        await maintenance.AlarmAsync(new AlarmRequest { Action = 2, Alarm = 1, Member = answer.Header.MemberId });
    }

    /// <summary>Writes a key that is no text, as no user of the seam can.</summary>
    public async Task PutAsync(byte[] key)
    {
        var request = new Rqml.Storage.Etcd.Protocol.TxnRequest();
        request.Success.Add(new Rqml.Storage.Etcd.Protocol.RequestOp { RequestPut = new Rqml.Storage.Etcd.Protocol.PutRequest { Key = ByteString.CopyFrom(key) } });
        await new Rqml.Storage.Etcd.Protocol.KV.KVClient(_channel).TxnAsync(request);
    }

    public void Dispose()
    {
        _channel.Dispose();
        _certificate?.Dispose();
    }
}
