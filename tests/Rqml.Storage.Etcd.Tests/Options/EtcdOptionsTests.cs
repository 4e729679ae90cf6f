using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Options;

/// <summary>What a host may say of etcd, and what it hears of it at once.</summary>
public sealed class EtcdOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:2379")]
    [InlineData("http://localhost:2379, http://127.0.0.1:2380/")]
    [InlineData("http://[::1]:2379")]
    [InlineData("https://etcd-0.example:2379,https://etcd-1.example:2379")]
    public void Addresses_are_taken(string endpoints) => Assert.Null(FaultsOf(new EtcdOptions { Endpoints = endpoints }));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("127.0.0.1:2379")]
    [InlineData("http://127.0.0.1:2379,")]
    [InlineData("tcp://127.0.0.1:2379")]
    [InlineData("http://127.0.0.1:2379/v3")]
    [InlineData("http://127.0.0.1:2379?a=b")]
    [InlineData("http://127.0.0.1:2379,https://127.0.0.1:2380")]
    [InlineData("http://127.0.0.1:99999")]
    public void What_is_no_list_of_addresses_is_refused(string? endpoints)
    {
        var fault = Assert.Single(FaultsOf(new EtcdOptions { Endpoints = endpoints! })!);
        Assert.Equal($"EtcdOptions.Endpoints is '{endpoints}'; it takes 1 to 16 addresses, all http://host:port or all https://host:port, separated by commas.", fault);
    }

    [Fact]
    public void Seventeen_addresses_are_one_too_many() =>
        Assert.Single(FaultsOf(new EtcdOptions { Endpoints = string.Join(',', Enumerable.Range(2_379, 17).Select(port => $"http://127.0.0.1:{port}")) })!);

    [Fact]
    public void Beyond_this_machine_it_takes_tls_or_consent()
    {
        var options = new EtcdOptions { Endpoints = "http://127.0.0.1:2379,http://10.0.0.1:2379" };
        Assert.Equal("EtcdOptions.Endpoints has 'http://10.0.0.1:2379/', which is another machine's and does not encrypt; AllowPlaintext is 'False', and has to be true for that.", Assert.Single(FaultsOf(options)!));
        options.AllowPlaintext = true;
        Assert.Null(FaultsOf(options));
    }

    [Fact]
    public void A_password_in_an_address_is_refused_and_not_repeated()
    {
        var options = new EtcdOptions { Endpoints = "http://node:s3cret@127.0.0.1:2379,http://127.0.0.1:2380" };
        var fault = Assert.Single(FaultsOf(options)!);
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
        Assert.Contains("http://…@127.0.0.1:2379", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", Assert.Throws<OptionsValidationException>(() => new EtcdCoordinationStore(options)).ToString(), StringComparison.Ordinal);
        var twice = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddRqml(rqml => rqml.UseEtcd(options.Endpoints).UseEtcd(options.Endpoints)));
        Assert.DoesNotContain("s3cret", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_named_at_once_and_the_password_never()
    {
        using var certificates = new Certificates();
        var faults = FaultsOf(new EtcdOptions
        {
            Endpoints = "https://127.0.0.1:2379",
            CertificateAuthorityPath = "/no/such/file",
            ClientCertificatePath = certificates.Client,
            Password = "s3cret",
            ConnectTimeout = TimeSpan.FromMilliseconds(99),
            RequestTimeout = TimeSpan.FromMinutes(2),
        })!;
        Assert.Equal(
        [
            "EtcdOptions.ClientKeyPath is null, but ClientCertificatePath is set; it takes both or neither.",
            "EtcdOptions.UserName is null, but Password is set; it takes both or neither.",
            "EtcdOptions.CertificateAuthorityPath is '/no/such/file'; it takes the path of a PEM file, and there is none.",
            "EtcdOptions.ConnectTimeout is '00:00:00.0990000'; it takes 100 ms to 1 min.",
            "EtcdOptions.RequestTimeout is '00:02:00'; it takes 100 ms to 1 min.",
        ],
        faults);
    }

    [Fact]
    public void Files_that_hold_something_else_or_belong_to_another_are_refused()
    {
        using var mine = new Certificates();
        using var other = new Certificates();
        Assert.NotNull(FaultsOf(Secured(mine.Client, other.ClientKey)));
        Assert.NotNull(FaultsOf(Secured(mine.ClientKey, mine.ClientKey)));
        Assert.NotNull(FaultsOf(new EtcdOptions { Endpoints = "https://127.0.0.1:2379", CertificateAuthorityPath = mine.ClientKey }));
        Assert.NotNull(FaultsOf(new EtcdOptions { CertificateAuthorityPath = mine.Authority }));      // of no use without TLS
        Assert.Null(FaultsOf(Secured(mine.Client, mine.ClientKey)));

        static EtcdOptions Secured(string certificate, string key) => new() { Endpoints = "https://127.0.0.1:2379", ClientCertificatePath = certificate, ClientKeyPath = key };
    }

    [Fact]
    public void A_second_store_is_an_error_that_names_both()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddRqml(rqml => rqml.UseEtcd("http://127.0.0.1:2379").UseEtcd("http://127.0.0.1:2380")));
        Assert.Contains("'etcd at http://127.0.0.1:2379' was chosen before 'etcd at http://127.0.0.1:2380'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_may_come_from_the_hosts_configuration()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Rqml:Etcd:Endpoints", "http://127.0.0.1:2380"), new("Rqml:Etcd:RequestTimeout", "00:00:01"), new("Rqml:Etcd:UserName", "node"), new("Rqml:Etcd:Password", "s3cret")]);
        builder.Services.AddRqml(rqml => rqml.UseEtcd(etcd => builder.Configuration.GetSection("Rqml:Etcd").Bind(etcd)));
        var host = builder.Build();
        var store = host.Services.GetRequiredService<EtcdCoordinationStore>();
        Assert.Equal("etcd at http://127.0.0.1:2380", store.Name);
        Assert.Equal(TimeSpan.FromSeconds(1), host.Services.GetRequiredService<IOptions<EtcdOptions>>().Value.RequestTimeout);
        await ((IAsyncDisposable)host).DisposeAsync();      // and the store with it
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.ReadAsync("/", CancellationToken.None));
    }

    private static IEnumerable<string>? FaultsOf(EtcdOptions options) => new EtcdOptionsValidator().Validate(null, options) is { Failed: true } refused ? refused.Failures : null;
}
