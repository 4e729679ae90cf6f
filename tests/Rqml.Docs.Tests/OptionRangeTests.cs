using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rqml.AspNetCore;
using Rqml.Docs.Tests.Snippets;
using Rqml.Extensions.AI;
using Rqml.Storage.Etcd;
using Rqml.Storage.RocksDb;
using Rqml.Supervision.Events;
using Rqml.Transports.Grpc;
using Rqml.Transports.Tcp;
using Rqml.Transports.ZeroMq;

namespace Rqml.Docs.Tests;

/// <summary>The ranges that the page of options names are those that hold: their ends are taken, what is just beyond is refused by name.</summary>
public sealed class OptionRangeTests
{
    /// <summary>An address, a name or a path: the tests of the transport try what they take.</summary>
    private static readonly string[] OfText = [nameof(TcpOptions.Listen), nameof(TcpOptions.AdvertisedHost), nameof(UnixSocketOptions.Folder)];

    /// <summary>Words for a model, or code of the host.</summary>
    private static readonly string[] OfChat = ["Price", "Json", "Configure", "Instructions", "OnText", "Streaming"];

    /// <summary>Addresses, files and words: the tests of the store try what they take.</summary>
    private static readonly string[] OfEtcd =
        [nameof(EtcdOptions.Endpoints), nameof(EtcdOptions.CertificateAuthorityPath), nameof(EtcdOptions.ClientCertificatePath), nameof(EtcdOptions.ClientKeyPath), nameof(EtcdOptions.UserName), nameof(EtcdOptions.Password)];

    /// <summary>What is no range: every value of its type will do.</summary>
    private static readonly string[] WithoutRange = ["AcceptRegression", "AllowPlaintext", nameof(RqmlOptions.CopyCheckpoints), nameof(GrpcOptions.UseLargeReceiveBuffers), "weighted", "Budget", .. OfText, .. OfEtcd, .. OfChat];

    [Fact]
    public void Each_range_of_the_hosts_options_holds() => EachRangeHolds(nameof(RqmlOptions), typeof(RqmlOptions), (property, value) => StartHost(options => property.SetValue(options, value)));

    [Fact]
    public void Each_range_of_the_options_of_events_holds() => EachRangeHolds(nameof(EventOptions), typeof(EventOptions), (property, value) => StartHost(options => property.SetValue(options.Events, value)));

    [Fact]
    public void Each_range_of_the_options_of_the_store_holds() => EachRangeHolds(nameof(RocksDbOptions), typeof(RocksDbOptions), (property, value) =>
    {
        var options = new RocksDbOptions();
        property.SetValue(options, value);
        return new RocksDbOptionsValidator().Validate(null, options).FailureMessage;
    });

    [Fact]
    public void Each_range_of_the_options_of_tcp_holds() => EachRangeHolds(nameof(TcpOptions), typeof(TcpOptions), (property, value) => Refusal<TcpOptions>(rqml => rqml.AddTcp(options => property.SetValue(options, value))));

    [Fact]
    public void Each_range_of_the_options_of_grpc_holds() => EachRangeHolds(nameof(GrpcOptions), typeof(GrpcOptions), (property, value) => Refusal<GrpcOptions>(rqml => rqml.AddGrpc(options => property.SetValue(options, value))));

    [Fact]
    public void Each_range_of_the_options_of_etcd_holds() => EachRangeHolds(nameof(EtcdOptions), typeof(EtcdOptions), (property, value) => Refusal<EtcdOptions>(rqml => rqml.UseEtcd(options => property.SetValue(options, value))));

    [Fact]
    public void Each_range_of_the_options_of_the_pages_holds() => EachRangeHolds(nameof(RqmlHttpOptions), typeof(RqmlHttpOptions), (property, value) => Refusal<RqmlHttpOptions>(rqml => rqml.AddHttpEndpoints(options => property.SetValue(options, value))));

    [Fact]
    public void Each_range_of_the_options_of_zeromq_holds() =>
        EachRangeHolds(nameof(ZeroMqOptions), typeof(ZeroMqOptions), (property, value) => Refusal<ZeroMqOptions>(rqml => rqml.AddZeroMq(options => property.SetValue(options, value))));

    [Fact]
    public void Each_range_of_the_options_of_unix_sockets_holds() =>
        EachRangeHolds(nameof(UnixSocketOptions), typeof(UnixSocketOptions), (property, value) => Refusal<UnixSocketOptions>(rqml => rqml.AddUnixSocket(options => property.SetValue(options, value))));

    [Fact]
    public void Each_range_of_the_options_of_chat_models_and_judges_holds()
    {
        EachRangeHolds(nameof(ChatModelOptions), typeof(ChatModelOptions), (property, value) => StartRefusal(roots => roots.AddChatModel(configure: chat => property.SetValue(chat, value))));
        EachRangeHolds(nameof(ChatJudgeOptions), typeof(ChatJudgeOptions), (property, value) => StartRefusal(roots => roots.ScoreWithChat("good", configure: judge => property.SetValue(judge, value))));

        // Without a client no host starts; what is said of the option stands beside that.
        static string? StartRefusal(Action<TaskClassBuilder<Number, Root>> configure)
        {
            using var host = Build(rqml => rqml.AddTaskClass(new TaskClass<Number, Root>("other", RootJson.Default.Number, RootJson.Default.Root), other =>
            {
                other.AddModel("first", (context, _) => new(new Root(1)));
                configure(other);
            }));
            var refused = Assert.Throws<OptionsValidationException>(() => host.StartAsync().GetAwaiter().GetResult());
            return refused.Failures.Count() == 1 ? null : refused.Message;
        }
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Each_range_of_a_submission_holds()
    {
        using var host = Build(_ => { });
        await host.StartAsync();
        var rqml = host.Services.GetRequiredService<IRqmlClient>();
        EachRangeHolds(nameof(SubmitOptions), typeof(SubmitOptions), (property, value) =>
        {
            var options = new SubmitOptions();
            property.SetValue(options, value);
            return Submit(rqml, options);
        });
        EachRangeHolds(nameof(TaskBudget), typeof(TaskBudget), (property, value) =>
        {
            var budget = new TaskBudget();
            property.SetValue(budget, value);
            return Submit(rqml, new SubmitOptions { Budget = budget });
        });
        await host.StopAsync();
    }

    [Theory]
    [InlineData("Limits of a task class", "Limit")]
    [InlineData("Monitor of a task class", "Monitor")]
    [InlineData("Vote of a task class", "Vote")]
    [InlineData("Diversity of a task class", "Diversify")]
    [InlineData("Models and validators of a task class", "AddModel", "ValidateWith", "AcceptAt")]
    public void Each_range_of_a_task_class_holds(string section, params string[] methods)
    {
        var rows = OptionsPage.Rows(section);
        foreach (var method in methods.Select(name => typeof(TaskClassBuilder<Number, Root>).GetMethods().First(method => method.Name == name)))
        {
            var open = method.IsGenericMethodDefinition ? method.MakeGenericMethod(method.Name == "AddModel" ? typeof(NewtonStep) : typeof(PositiveRoot)) : method;
            foreach (var parameter in open.GetParameters())
            {
                var isLimit = parameter.ParameterType == typeof(ModelConcurrency);
                var row = rows.Single(row => row.Name == parameter.Name);
                var said = open.GetParameters().Length == 1 ? row with { Name = open.Name } : row;      // a refusal names the method where that is enough
                Holds(said, isLimit ? typeof(int) : parameter.ParameterType, value => StartClass(roots =>
                {
                    object Argument(ParameterInfo other) => other != parameter ? other.DefaultValue! : isLimit ? ModelConcurrency.Fixed((int)value) : value;
                    open.Invoke(roots, [.. open.GetParameters().Select(Argument)]);
                }));
            }
        }
    }

    /// <summary>A key of a section is the name of the option, so that a host's configuration may set it.</summary>
    [Fact]
    public void Each_option_of_host_events_and_store_can_be_bound_to_a_section()
    {
        Binds(new RqmlOptions(), nameof(RqmlOptions), options => options);
        Binds(new RqmlOptions(), nameof(EventOptions), options => options.Events, "Events:");
        Binds(new RocksDbOptions(), nameof(RocksDbOptions), options => options);
    }

    private static void Binds<T>(T options, string section, Func<T, object> holder, string prefix = "")
        where T : class
    {
        foreach (var row in OptionsPage.Rows(section))
        {
            var property = holder(options).GetType().GetProperty(row.Name)!;
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var value = type == typeof(bool) ? true : type.IsEnum ? Enum.GetValues(type).GetValue(1)! : OptionRange.Parse(row.Range, type)!.Inside is [.., var last] ? last : 7UL;
            new ConfigurationBuilder().AddInMemoryCollection([new($"Rqml:{prefix}{row.Name}", Convert.ToString(value, CultureInfo.InvariantCulture))]).Build().GetSection("Rqml").Bind(options);
            Assert.Equal(value, property.GetValue(holder(options)));
        }
    }

    private static void EachRangeHolds(string section, Type options, Func<PropertyInfo, object, string?> refusal)
    {
        foreach (var row in OptionsPage.Rows(section)) Holds(row, options.GetProperty(row.Name)!.PropertyType, value => refusal(options.GetProperty(row.Name)!, value));
    }

    /// <param name="row">Of the page.</param>
    /// <param name="type">Of the option.</param>
    /// <param name="refusal">What is said against a value; null where it is taken.</param>
    private static void Holds(OptionRow row, Type type, Func<object, string?> refusal)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            Assert.Equal(string.Join(", ", Enum.GetNames(type).Select(name => $"`{name}`")), row.Range);
            Assert.NotNull(refusal(Enum.ToObject(type, 99)));
            return;
        }

        if (WithoutRange.Contains(row.Name)) return;
        var range = OptionRange.Parse(row.Range, type);
        Assert.True(range is not null, $"{row.Name}: '{row.Range}' is no range that can be tried.");
        Assert.All(range.Inside, value => Assert.Null(refusal(value)));
        Assert.All(range.Outside, value => Assert.Contains(row.Name, refusal(value) ?? $"{value} is taken", StringComparison.OrdinalIgnoreCase));
    }

    private static string? StartHost(Action<RqmlOptions> configure) => Refusal(() => Build(rqml => rqml.Configure(configure)));

    private static string? StartClass(Action<TaskClassBuilder<Number, Root>> configure) => Refusal(() => Build(rqml => rqml.AddTaskClass(
        new TaskClass<Number, Root>("other", RootJson.Default.Number, RootJson.Default.Root), other =>
        {
            other.AddModel("first", (context, _) => new(new Root(1)));
            configure(other);
        })));

    private static string? Refusal(Func<IHost> build) => Refusal<RqmlOptions>(build);

    private static string? Refusal<TOptions>(Action<IRqmlBuilder> configure)
        where TOptions : class => Refusal<TOptions>(() => Build(configure));

    private static string? Refusal<TOptions>(Func<IHost> build)
        where TOptions : class
    {
        try
        {
            using var host = build();
            _ = host.Services.GetRequiredService<IOptions<TOptions>>().Value;
            return null;
        }
        catch (OptionsValidationException refused)
        {
            return refused.Message;
        }
        catch (TargetInvocationException refused) when (refused.InnerException is ArgumentOutOfRangeException inner)
        {
            return inner.Message;
        }
        catch (ArgumentOutOfRangeException refused)
        {
            return $"concurrency: {refused.Message}";
        }
    }

    private static string? Submit(IRqmlClient rqml, SubmitOptions options)
    {
        try
        {
            _ = rqml.SubmitAsync(SquareRoots.SquareRoot, new Number(2), options).AsTask().GetAwaiter().GetResult();
            return null;
        }
        catch (ArgumentOutOfRangeException refused)
        {
            return refused.Message;
        }
    }

    private static IHost Build(Action<IRqmlBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>().Limit(iterations: 1));
            configure(rqml);
        });
        return builder.Build();
    }
}
