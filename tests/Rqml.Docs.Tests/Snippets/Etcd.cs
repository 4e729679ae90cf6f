using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rqml.Storage.Etcd;
using static Rqml.Docs.Tests.Snippets.SquareRoots;

namespace Rqml.Docs.Tests.Snippets;

public sealed class Etcd
{
    [Fact]
    public void A_host_names_the_members_of_etcd()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        #region snippet
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddTcp(tcp => tcp.Listen = "tcp://127.0.0.1:7401")
            .UseEtcd("http://127.0.0.1:2379")
            .Configure(options => options.NodeName = "a"));
        #endregion
        using var host = builder.Build();
        Assert.Equal("etcd at http://127.0.0.1:2379", host.Services.GetRequiredService<EtcdCoordinationStore>().Name);
    }

    [Fact]
    public void Members_on_other_machines_are_reached_with_tls()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["Etcd:Password"] = "s3cret";
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
        #region snippet
            .UseEtcd("https://etcd-0:2379,https://etcd-1:2379,https://etcd-2:2379", etcd =>
            {
                etcd.CertificateAuthorityPath = "/etc/rqml/etcd-ca.pem";
                etcd.ClientCertificatePath = "/etc/rqml/node.pem";
                etcd.ClientKeyPath = "/etc/rqml/node.key";
                etcd.UserName = "rqml";
                etcd.Password = builder.Configuration["Etcd:Password"];
            })
        #endregion
            .Configure(options => options.NodeName = "a"));
        using var host = builder.Build();
        var refused = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IOptions<EtcdOptions>>().Value);
        Assert.Equal(3, refused.Failures.Count(fault => fault.Contains("/etc/rqml/", StringComparison.Ordinal)));      // no such files here
    }
}
